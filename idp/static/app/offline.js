// Signing in without a network: judge the QR code of a sign-in page, and make the code that is typed there.

import { seedOf } from "./devices.js";
import { now } from "./issuer.js";
import { code } from "./ocra.js";
import { CODE_SECONDS, codeLines, qrLines, question, SKEW_SECONDS, SUITE } from "./protocol.js";
import { verifies } from "./safe.js";

// Why a code is refused: "foreign_account", "unknown_key", "forged", "too_old" or "from_the_future".
export class CodeRefused extends Error {}

// The account that a sign-in code asks; throws CodeRefused. Nothing that a code says is believed before its signature.
export const judge = async (login, accounts, time = now()) => {
  const account = accounts.find(({ issuer, device }) => issuer === login.issuer && device === login.device);
  if (!account) throw new CodeRefused("foreign_account");
  const key = account.serverKeys.find(({ kid }) => kid === login.kid);
  if (!key) throw new CodeRefused("unknown_key");
  if (!(await verifies(key, login.signature, qrLines(login)))) throw new CodeRefused("forged");
  if (time > login.time + CODE_SECONDS) throw new CodeRefused("too_old");
  if (time < login.time - SKEW_SECONDS) throw new CodeRefused("from_the_future");
  return account;
};

// The eight digits for a judged code; a wrong PIN gives wrong digits, and nothing here can tell.
export const codeFor = async (account, login, pin) => {
  const seed = await seedOf(account, pin);
  const digits = await code(SUITE, seed, { question: await question(codeLines(login)) });
  seed.fill(0);
  return digits;
};

export const endOf = (login) => login.time + CODE_SECONDS;
