// Calls to an identity server, each signed with the device's key (docs/app-protocol.md, "Authorization of each call").

import { toBase64url } from "./bytes.js";
import { requestLines } from "./protocol.js";
import { sign } from "./safe.js";

const NONCE_BYTES = 16;
const PATIENCE_MS = 15_000;

// What a server answered instead of doing it: the key of docs/app-protocol.md, "Errors", and what it told with it.
export class Refused extends Error {
  constructor(status, { error = "failed", ...details }) {
    super(error);
    this.status = status;
    this.key = error;
    this.details = details;
  }
}

// The server could not be reached.
export class Unreachable extends Error {}

export const now = () => Math.floor(Date.now() / 1000);

// Make a call for an account ({issuer, device, pair}) and return the answer; throws Refused or Unreachable.
export const call = async (account, method, path, content) => {
  const body = content === undefined ? "" : JSON.stringify(content);
  const address = `${account.issuer}${path}`;
  const headers = { Authorization: await proof(account, { method, address, body }) };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await reach(address, { method, headers, body: body || undefined });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
};

export const proof = async ({ device, pair }, { method, address, body, time = now(), nonce = fresh() }) => {
  const message = await requestLines({ method, address, device, time, nonce, body });
  const signature = toBase64url(await sign(pair, message));
  return `ERN-App device="${device}", time="${time}", nonce="${nonce}", signature="${signature}"`;
};

const fresh = () => toBase64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));

const reach = async (address, request) => {
  try {
    const how = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", redirect: "error" };
    return await fetch(address, { ...request, ...how, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    throw new Unreachable(error.message);
  }
};
