// The service worker: installed at the first start, replaced when people say so, never in the middle of something.

const ADDRESS = "/app/worker.js";
const SCOPE = "/app/";

// Install it; call `offer(accept)` when a new version waits, and `look()` when a push came.
export const keepUpToDate = async (offer, look) => {
  const { serviceWorker } = navigator;
  const replaced = Boolean(serviceWorker.controller);
  serviceWorker.addEventListener("message", ({ data }) => data === "look" && look());
  serviceWorker.addEventListener("controllerchange", () => replaced && location.reload());
  const registration = await serviceWorker.register(ADDRESS, { scope: SCOPE, updateViaCache: "none" });
  const waits = () => {
    const { waiting } = registration;
    if (waiting && serviceWorker.controller) offer(() => waiting.postMessage("update"));
  };
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", waits));
  waits();
};
