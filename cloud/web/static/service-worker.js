// Shows a push, and says to the centre that this phone has it: only then does the centre count it as delivered.

function receipt(path, opened) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ opened }),
    credentials: "omit",
    keepalive: true,
  });
}

/** The phone may have no net for a moment: three tries, then the centre goes another way. */
async function surely(path, opened) {
  for (const pause of [0, 2000, 5000]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      if ((await receipt(path, opened)).ok) return;
    } catch {
      // tried again
    }
  }
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepShell());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A nurse's pages open without a net as they were last seen (offline.js keeps those of the list before they are opened).
const PAGES = "doorstep-pages";
const SHELL = "doorstep-shell";
const KEPT = /^\/(today|visits\/\d+|elders\/\d+)$/;

// What a visit's page needs, whether or not one was opened before the net went.
const NEEDED = ["doorstep.css", "nurse.css", "icons.svg", "logo.svg", "page.js", "draft.js", "moments.js", "offline.js",
  "waiting.js", "fresh.js", "nurse.js", "photo.js", "meter.js", "meter-values.js"];

async function keepShell() {
  const kept = await caches.open(SHELL);
  await Promise.allSettled(NEEDED.map((name) => kept.add(`/static/${name}`)));
}

async function dated(answer) {
  const headers = new Headers({ "content-type": answer.headers.get("content-type"), "x-kept-at": String(Date.now()) });
  const policy = answer.headers.get("content-security-policy");
  if (policy) headers.set("content-security-policy", policy);
  return new Response(await answer.blob(), { headers });
}

async function page(request, path) {
  const pages = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await pages.put(path, await dated(answer.clone()));
    else if (answer.redirected || answer.type === "opaqueredirect") await caches.delete(PAGES); // the session has ended
    return answer;
  } catch (error) {
    const kept = await pages.match(path);
    if (!kept) throw error;
    const said = await kept.text();
    const since = `<html data-kept-at="${Number(kept.headers.get("x-kept-at"))}" `;
    return new Response(said.replace("<html ", since), { headers: kept.headers });
  }
}

async function shell(request) {
  const kept = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    const before = await kept.match(request);
    if (!before) throw error;
    return before;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(shell(request));
  else if (request.mode === "navigate" && KEPT.test(url.pathname)) event.respondWith(page(request, url.pathname));
});

self.addEventListener("push", (event) => {
  const said = event.data.json();
  const shown = self.registration.showNotification(said.title, {
    body: said.body,
    tag: said.tag,
    renotify: !said.quiet,
    silent: Boolean(said.quiet),
    requireInteraction: said.urgent,
    icon: "/static/icon-192.png",
    badge: "/static/icon-192.png",
    data: { url: said.url, receipt: said.receipt },
  });
  event.waitUntil(Promise.all([shown, surely(said.receipt, false)]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, receipt: path } = event.notification.data;
  event.waitUntil(Promise.all([self.clients.openWindow(url), surely(path, true)]));
});
