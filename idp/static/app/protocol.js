// The texts that are signed, hashed and read: docs/app-protocol.md in code. Nothing here knows the network or the page.

import { fromBase64url, text, toBase64url, utf8 } from "./bytes.js";

export const SUITE = "OCRA-1:HOTP-SHA256-8:QH64";
export const CODE_SECONDS = 180;
export const SKEW_SECONDS = 60;

const CONTROL = /\p{Cc}/u;
const PAIR = /^(.+)\/app\/#pair=(([\w-]{22})\.[\w-]{22})$/;
const LOGIN = /^(.+)\/app\/#login=([\w-]+)\.([\w-]{86})$/;

// Lines as bytes. A control character would let one line pass for two.
export const lines = (...parts) => {
  if (parts.some((part) => CONTROL.test(part))) throw new SyntaxError("a control character in a line");
  return utf8(parts.join("\n"));
};

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// What a device signs with each call.
export const requestLines = async ({ method, address, device, time, nonce, body }) =>
  lines("ERN-APP-REQUEST-1", method, address, device, String(time), nonce, toBase64url(await sha256(utf8(body))));

// What a device signs when it answers a request; `number` is empty for a denial.
export const verdictLines = ({ issuer, device }, request, number, verdict) =>
  lines("ERN-APP-VERDICT-1", issuer, device, request.id, request.application, request.browser, number, verdict);

// What the server has signed in a QR code, and what the code is made of.
export const qrLines = ({ issuer, payload }) => lines("ERN-APP-QR-1", issuer, payload);

export const codeLines = ({ issuer, payload }) => lines("ERN-APP-CODE-1", issuer, payload);

// The question of a one-time code, in the suite's hexadecimal digits.
export const question = async (bytes) => hex(await sha256(bytes));

// What a scanned, followed or pasted text is: {kind: "pair", issuer, device, token}, {kind: "login", issuer, payload,
// signature, device, kid, challenge, time, application, browser}, or null if it is nothing of ours.
export const read = (scanned) => {
  const link = scanned.trim();
  const pair = PAIR.exec(link);
  if (pair) return trusted(pair[1]) ? { kind: "pair", issuer: pair[1], token: pair[2], device: pair[3] } : null;
  const login = LOGIN.exec(link);
  return login && trusted(login[1]) ? opened(login) : null;
};

// An issuer is an https origin; on a developer's machine also http://localhost.
const trusted = (issuer) => {
  try {
    const { origin, protocol, hostname } = new URL(issuer);
    return origin === issuer && (protocol === "https:" || (protocol === "http:" && hostname === "localhost"));
  } catch {
    return false;
  }
};

const TYPES = ["string", "string", "string", "number", "string", "string", "string"];

const opened = ([, issuer, payload, signature]) => {
  try {
    const content = JSON.parse(text(fromBase64url(payload)));
    if (!TYPES.every((type, place) => typeof content[place] === type)) return null;
    const [device, kid, challenge, time, application, browser] = content;
    const signed = { issuer, payload, signature: fromBase64url(signature) };
    return { kind: "login", ...signed, device, kid, challenge, time, application, browser };
  } catch {
    return null;
  }
};
