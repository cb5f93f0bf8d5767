// Being woken while the app is closed: Web Push, for the accounts of the server that this app comes from.
//
// A browser gives each app one subscription, bound to one server's key, so accounts of other servers are only polled.

import { fromBase64url } from "./bytes.js";
import { call } from "./issuer.js";

export const supported = () => "PushManager" in window && "Notification" in window;

const wakes = (account) => account.pushKey && account.issuer === location.origin && account.status === "active";

// Whether people should be asked: possible, useful, and not answered yet.
export const mayAsk = (accounts) => supported() && Notification.permission === "default" && accounts.some(wakes);

// Ask people, and tell the server where to knock; called by a press, as browsers want it. Returns whether it works.
export const enable = async (accounts) =>
  (await Notification.requestPermission()) === "granted" && (await subscribe(accounts));

// Bring the server's knowledge up to date, silently; true if at least one account will be woken.
export const subscribe = async (accounts) => {
  const woken = accounts.filter(wakes);
  if (!supported() || Notification.permission !== "granted" || !woken.length) return false;
  try {
    const content = (await subscription(woken[0].pushKey)).toJSON();
    await Promise.all(woken.map((account) => call(account, "POST", "/app/api/push", content)));
    return true;
  } catch {
    return false; // asking every few seconds goes on all the same
  }
};

const subscription = async (key) => {
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: fromBase64url(key) };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    await (await pushManager.getSubscription())?.unsubscribe(); // the server has a new key
    return pushManager.subscribe(options);
  }
};
