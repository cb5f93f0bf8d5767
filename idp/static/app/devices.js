// An account on this phone: paired, kept up to date, its PIN changed, taken away.

import { fromBase64url } from "./bytes.js";
import { Refused, call } from "./issuer.js";
import { SUITE } from "./protocol.js";
import { lock, makeKey, publicHalf, unlock } from "./safe.js";
import { deviceKey, forget, keep } from "./store.js";

const GONE = new Set(["device_unknown", "device_suspended"]);

// Redeem a pairing link; the result is not kept before `finish` puts its seed under a PIN.
export const begin = async ({ issuer, device, token }) => {
  const pair = await makeKey();
  const { kty, crv, x, y } = await publicHalf(pair);
  const told = await call({ issuer, device, pair }, "POST", "/app/api/pair", { token, key: { kty, crv, x, y } });
  if (told.issuer !== issuer || told.device !== device || told.suite !== SUITE) throw new Error("another protocol");
  const account = { id: `${issuer} ${device}`, issuer, device, pair, label: "", status: "waiting", since: Date.now() };
  return { account: { ...account, ...shown(told), confirmBy: told.confirm_by }, seed: fromBase64url(told.seed) };
};

// Put the seed under the PIN and keep the account.
export const finish = async ({ account, seed }, pin) => {
  const kept = { ...account, safe: await lock(seed, pin, await deviceKey()), pinDigits: pin.length };
  seed.fill(0);
  await keep(kept);
  return kept;
};

// Ask the server how the device stands and keep what it tells; throws Refused (device_unknown) and Unreachable.
export const refresh = async (account) => {
  const told = await call(account, "GET", "/app/api/device");
  const fresh = { ...account, ...shown(told), status: told.status };
  await keep(fresh);
  return fresh;
};

const shown = ({ name, account, pin_digits, server_keys, push_key }) => ({
  deviceName: name,
  person: { uid: account.uid, name: account.name },
  digits: pin_digits,
  serverKeys: server_keys.map(({ kid, kty, crv, x, y }) => ({ kid, kty, crv, x, y })),
  pushKey: push_key,
});

// The one-time secret that this PIN gives; nobody here knows whether it is the right one.
export const seedOf = async (account, pin) => unlock(account.safe, pin, await deviceKey());

// Put the seed under another PIN. A mistyped old PIN makes the seed wrong for good: say so before.
export const changePin = async (account, oldPin, newPin) => {
  const seed = await seedOf(account, oldPin);
  const changed = { ...account, safe: await lock(seed, newPin, await deviceKey()), pinDigits: newPin.length };
  seed.fill(0);
  await keep(changed);
  return changed;
};

export const rename = async (account, label) => {
  const renamed = { ...account, label: label.trim().slice(0, 40) };
  await keep(renamed);
  return renamed;
};

// Forget the account on this phone and tell the server, which then no longer offers the phone; true if it knows.
export const remove = async (account) => {
  await forget(account.id);
  return call(account, "POST", "/app/api/device/unlink", {}).then(() => true, (error) => known(error));
};

// The server answered that it does not count on this phone any more, or never did.
const known = (error) => error instanceof Refused && GONE.has(error.key);

export const nameOf = (account) => account.label || account.person.name;
