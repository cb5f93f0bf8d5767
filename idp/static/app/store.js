// What outlives the app's window: the accounts and the device's key, in IndexedDB. Keys lie there as keys, not as bytes.

import { makeDeviceKey } from "./safe.js";

const NAME = "ern-login";
const VERSION = 1;
const DEVICE_KEY = "device-key";

const opened = () =>
  new Promise((resolve, reject) => {
    const asking = indexedDB.open(NAME, VERSION);
    asking.onupgradeneeded = () => {
      asking.result.createObjectStore("accounts", { keyPath: "id" });
      asking.result.createObjectStore("keys");
    };
    asking.onsuccess = () => resolve(asking.result);
    asking.onerror = () => reject(asking.error);
  });

// Do one thing in one store and return its result once it is on disk.
const act = async (store, mode, what) => {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const asking = what(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asking.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
};

export const accounts = async () => {
  const all = await act("accounts", "readonly", (store) => store.getAll());
  return all.sort((one, other) => one.since - other.since);
};

export const keep = (account) => act("accounts", "readwrite", (store) => store.put(account));

export const forget = (id) => act("accounts", "readwrite", (store) => store.delete(id));

// The key of this device, made at the first call. `add` refuses a second one: two windows end up with the same.
export const deviceKey = async () => {
  const found = await act("keys", "readonly", (store) => store.get(DEVICE_KEY));
  if (found) return found;
  const made = await makeDeviceKey();
  try {
    await act("keys", "readwrite", (store) => store.add(made, DEVICE_KEY));
    return made;
  } catch {
    return act("keys", "readonly", (store) => store.get(DEVICE_KEY));
  }
};
