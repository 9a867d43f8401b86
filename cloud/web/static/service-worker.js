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

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const said = event.data.json();
  const shown = self.registration.showNotification(said.title, {
    body: said.body,
    tag: said.tag,
    renotify: !said.quiet,
    silent: Boolean(said.quiet),
    requireInteraction: said.urgent,
    icon: "/static/logo.svg",
    data: { url: said.url, receipt: said.receipt },
  });
  event.waitUntil(Promise.all([shown, surely(said.receipt, false)]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, receipt: path } = event.notification.data;
  event.waitUntil(Promise.all([self.clients.openWindow(url), surely(path, true)]));
});
