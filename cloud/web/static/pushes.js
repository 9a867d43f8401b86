// The page Pushes: this browser takes them, or takes them no more.

const place = document.querySelector("#pushes");
const allow = place.querySelector("[data-allow]");
const stop = place.querySelector("[data-stop]");
const said = place.querySelector(".problem");

const key = Uint8Array.from(atob(place.dataset.key.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

function tell(sentence) {
  said.textContent = sentence;
  said.hidden = sentence === "";
}

function post(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
}

async function show() {
  const worker = await navigator.serviceWorker.getRegistration("/");
  const taken = await worker?.pushManager.getSubscription();
  allow.hidden = Boolean(taken);
  stop.hidden = !taken;
}

allow.addEventListener("click", async () => {
  tell("");
  if ((await Notification.requestPermission()) !== "granted") {
    tell(place.dataset.denied);
    return;
  }
  try {
    await navigator.serviceWorker.register("/service-worker.js");
    const worker = await navigator.serviceWorker.ready;
    const taken = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const answer = await post("/api/v1/pushes/subscribe", taken.toJSON());
    if (!answer.ok) {
      await taken.unsubscribe();
      const { error, detail } = await answer.json();
      tell([error, detail].filter(Boolean).join(". "));
    }
  } catch {
    tell(place.dataset.failed);
  }
  await show();
});

stop.addEventListener("click", async () => {
  const worker = await navigator.serviceWorker.getRegistration("/");
  const taken = await worker?.pushManager.getSubscription();
  if (taken) {
    await post("/api/v1/pushes/unsubscribe", { endpoint: taken.endpoint });
    await taken.unsubscribe();
  }
  await show();
});

if ("serviceWorker" in navigator && "PushManager" in window) await show();
else tell(place.dataset.cannot);
