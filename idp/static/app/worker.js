// The service worker: the app starts without a network, and a request reaches people while it is closed.
// The server writes SHELL before these lines: {version, page, files}. A new version has a new cache of its own.

/* global SHELL */

const CACHE = `ern-login-app-${SHELL.version}`;
const OURS = /^ern-login-app-/;
const CHOICE = "/app/language";

self.addEventListener("install", (event) => event.waitUntil(stock()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => serve(event));
self.addEventListener("push", (event) => event.waitUntil(tell()));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("message", (event) => event.data === "update" && self.skipWaiting());

// The page is fetched as a stranger would: nothing of a person is kept.
const stock = async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll([new Request(SHELL.page, { credentials: "omit", cache: "reload" }), ...SHELL.files]);
};

const takeOver = async () => {
  const old = (await caches.keys()).filter((name) => OURS.test(name) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
};

// Only the app's own files come from the cache; whatever a server says to the app is never kept.
const serve = (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  const page = event.request.mode === "navigate" && address.pathname === SHELL.page;
  if (page || SHELL.files.includes(address.pathname)) event.respondWith(kept(event.request, address.pathname));
};

const kept = async (request, path) => {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
};

// A push only says "look": what is asked comes from the server, over the app's own signed questions.
const tell = async () => {
  const windows = await self.clients.matchAll({ type: "window" });
  for (const window of windows) window.postMessage("look");
  if (windows.some((window) => window.visibilityState === "visible")) return;
  const words = await table();
  const icon = SHELL.files.find((file) => file.endsWith("/icon-192.png"));
  const badge = SHELL.files.find((file) => file.endsWith("/badge-96.png"));
  await self.registration.showNotification(words["push.title"], {
    body: words["push.body"], tag: "request", renotify: true, icon, badge, lang: words.lang,
  });
};

const table = async () => {
  const choice = await (await caches.match(CHOICE))?.text();
  const code = choice ?? navigator.language.slice(0, 2);
  const file = (wanted) => SHELL.files.find((name) => name.endsWith(`/words/${wanted}.json`));
  return (await kept(null, file(code) ?? file("en"))).json();
};

const open = async (notification) => {
  notification.close();
  const [window] = await self.clients.matchAll({ type: "window" });
  if (!window) return self.clients.openWindow(SHELL.page);
  await window.focus();
  window.postMessage("look");
};
