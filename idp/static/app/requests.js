// The sign-ins that wait for an answer of this phone, and the answers.

import { toBase64url } from "./bytes.js";
import { seedOf } from "./devices.js";
import { call } from "./issuer.js";
import { code } from "./ocra.js";
import { question, SUITE, verdictLines } from "./protocol.js";
import { sign } from "./safe.js";

// What waits for an account, newest first, each with its account; `paused_until` once somebody said "It was not me".
export const waiting = async (account) => {
  const told = await call(account, "GET", "/app/api/requests");
  // Times are the server's: the phone's clock may be off by a minute.
  const ahead = Date.now() / 1000 - told.now;
  const requests = told.requests.map((request) => ({ ...request, account, ends: request.expires_at + ahead }));
  return { requests, pausedUntil: told.paused_until };
};

// Say yes, with the number that the browser shows and the PIN; throws Refused (number_wrong, code_wrong, request_over).
export const approve = async (request, number, pin) => {
  const { account } = request;
  const said = verdictLines(account, request, number, "approve");
  const seed = await seedOf(account, pin);
  const oneTime = await code(SUITE, seed, { question: await question(said) });
  seed.fill(0);
  return answer(request, { verdict: "approve", number, code: oneTime, signature: await signed(account, said) });
};

// Say "It was not me": needs neither number nor PIN.
export const deny = async (request) => {
  const said = verdictLines(request.account, request, "", "deny");
  return answer(request, { verdict: "deny", signature: await signed(request.account, said) });
};

const signed = async (account, said) => toBase64url(await sign(account.pair, said));

const answer = (request, content) =>
  call(request.account, "POST", `/app/api/requests/${encodeURIComponent(request.id)}/answer`, content);
