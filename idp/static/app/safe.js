// What this device keeps of an account: a signing key that cannot be read out, and a seed that only the PIN gives back.
//
// The seed lies under two layers. The inner one is a stream made from the PIN, without checksum: each PIN gives some
// seed, and nothing on this device tells the right one from the others. Only the server can, and it counts. The outer
// layer is a key of this device that no script can read, so that a copy of the stored bytes is worth nothing elsewhere.

import { xor, utf8 } from "./bytes.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
// Four digits are ten thousand guesses however slow each is; what protects them is that no guess can be checked here.
const ROUNDS = 600_000;
const SALT_BYTES = 16;
const IV_BYTES = 12;

// A key pair for signatures; its private half never leaves the browser's key store.
export const makeKey = () => crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);

// Its public half as a JWK.
export const publicHalf = (pair) => crypto.subtle.exportKey("jwk", pair.publicKey);

// ECDSA over SHA-256: the 64 bytes r || s (IEEE P1363).
export const sign = async (pair, message) =>
  new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message));

// Whether `signature` (r || s) over `message` was made with the private half of `jwk`.
export const verifies = async (jwk, signature, message) => {
  const { kty, crv, x, y } = jwk;
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, CURVE, false, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
};

export const makeDeviceKey = () =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

// Put a seed away under a PIN.
export const lock = async (seed, pin, deviceKey) => {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const inner = xor(seed, await stream(pin, salt, seed.length));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, deviceKey, inner));
  return { salt, iv, data };
};

// The seed that this PIN gives: the right one for the right PIN, another one for any other.
export const unlock = async ({ salt, iv, data }, pin, deviceKey) => {
  const inner = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, deviceKey, data));
  return xor(inner, await stream(pin, salt, inner.length));
};

export const stream = async (pin, salt, length) => {
  const key = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * length));
};
