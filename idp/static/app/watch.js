// What waits for an answer, asked of every server every few seconds while the app is visible.

import { refresh } from "./devices.js";
import { Refused } from "./issuer.js";
import { waiting } from "./requests.js";
import { accounts, keep } from "./store.js";

const PAUSE_MS = 3000;
const DAY_MS = 24 * 3600 * 1000;

let timer;
let round = 0;
let hear = () => {};
const refreshed = new Map();

// Call `listener({requests, reached, pausedUntil})` after each round, newest request first.
export const start = (listener) => {
  hear = listener;
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);
  window.addEventListener("offline", look);
  look();
};

// Ask now, and from now on every few seconds; a round that was overtaken is not heard.
export const look = async () => {
  clearTimeout(timer);
  const mine = ++round;
  if (document.visibilityState !== "visible") return;
  const known = await accounts();
  const answers = await Promise.all(known.map(ask));
  if (mine !== round) return;
  hear({
    requests: answers.flatMap(({ requests }) => requests).sort((one, other) => other.asked_at - one.asked_at),
    states: known.map(({ id, status }) => `${id} ${status}`).join(),
    reached: answers.every(({ reached }) => reached),
    pausedUntil: Math.max(0, ...answers.map(({ pausedUntil }) => pausedUntil ?? 0)),
  });
  timer = setTimeout(look, PAUSE_MS);
};

const nothing = { requests: [], pausedUntil: null };

const ask = async (account) => {
  try {
    const fresh = await upToDate(account);
    if (fresh.status !== "active") return { ...nothing, reached: true };
    return { ...(await waiting(fresh)), reached: true };
  } catch (error) {
    if (!(error instanceof Refused)) return { ...nothing, reached: false };
    await note(account, error);
    return { ...nothing, reached: true };
  }
};

// At each start, once a day, and while the browser's yes is missing: names, digits and server keys may be new.
const upToDate = async (account) => {
  const since = Date.now() - (refreshed.get(account.id) ?? 0);
  if (since < DAY_MS && account.status !== "waiting") return account;
  const fresh = await refresh(account);
  refreshed.set(account.id, Date.now());
  return fresh;
};

// A device that the server no longer knows stays until people take it away themselves: they should read why.
const STATES = { device_unknown: "unknown", device_suspended: "suspended", device_waiting: "waiting" };

const note = async (account, { key }) => {
  const status = STATES[key];
  const still = (await accounts()).some(({ id }) => id === account.id);
  if (status && still && account.status !== status) await keep({ ...account, status });
};
