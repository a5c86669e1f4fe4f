/**
 * The service worker, served at /sw.js. It keeps the shell only: the hashed files of the front-end and the page that
 * says that there is no network, all when it is installed. Nothing is added to its cache afterwards: no page, no answer.
 */
export {}; // a module for the compiler; served as a script, which it is once built

declare const self: ServiceWorkerGlobalScope;
/** Written before this file by terresante/kernel/installable.py. */
declare const KEPT_SHELL: { version: string; offline: string; files: string[]; icon: string };

const KEPT = `shell-${KEPT_SHELL.version}`;
// What is shown when a message cannot be read: the same words as the server's.
const TOLD = { title: "Terr-eSanté", body: "Une nouvelle information vous attend.", url: "/" };

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(pageOrOffline(event));
  else if (KEPT_SHELL.files.includes(new URL(request.url).pathname)) event.respondWith(keptOrAsked(request));
});

self.addEventListener("push", (event) => {
  const { title, body, url } = read(event.data);
  const { icon } = KEPT_SHELL;
  // One tag: a telephone shows one line, however many messages came.
  event.waitUntil(self.registration.showNotification(title, { body, icon, tag: "terresante", lang: "fr", data: url }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(String(event.notification.data ?? TOLD.url)));
});

// Told by the browser, with nobody there: its push service has given this device another address.
self.addEventListener("pushsubscriptionchange", (event) => {
  const renewed = renew();
  (event as ExtendableEvent).waitUntil(renewed);
});

async function keepShell(): Promise<void> {
  const cache = await caches.open(KEPT);
  // Without cookies: what is kept is nobody's.
  const offline = new Request(KEPT_SHELL.offline, { credentials: "omit", cache: "no-store" });
  await cache.addAll([offline, ...KEPT_SHELL.files]);
  await self.skipWaiting();
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

/** Nothing without a session that is still open: the next visit to the settings says that the device is told no more. */
async function renew(): Promise<void> {
  const headers = { "X-Unattended": "1" };
  const asked = await fetch("/notifications/appareils/renouveler/", { headers, redirect: "error" }).catch(() => null);
  if (!asked?.ok) return;
  const { key, token } = (await asked.json()) as { key: string; token: string };
  const subscription = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const body = new URLSearchParams({ subscription: JSON.stringify(subscription.toJSON()), csrfmiddlewaretoken: token });
  await fetch("/notifications/appareils/", { method: "POST", headers, body });
}

async function pageOrOffline(event: FetchEvent): Promise<Response> {
  try {
    return ((await event.preloadResponse) as Response | undefined) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(KEPT_SHELL.offline)) ?? Response.error();
  }
}

async function keptOrAsked(request: Request): Promise<Response> {
  return (await caches.match(request.url)) ?? fetch(request);
}

function read(data: PushMessageData | null): typeof TOLD {
  try {
    return { ...TOLD, ...(data?.json() as Partial<typeof TOLD>) };
  } catch {
    return TOLD;
  }
}

/** A window already open is only brought forward: what is being written in it stays. */
async function show(url: string): Promise<void> {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const wanted = new URL(url, self.location.origin);
  if (open) await open.focus();
  else if (wanted.origin === self.location.origin) await self.clients.openWindow(wanted.pathname);
}
