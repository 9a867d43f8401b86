// Keeps a page fresh that somebody only looks at: every few seconds, and at once when something happened.
// <body data-fresh-s="20"> says how often, data-live that the centre's live events may be heard.

const everyMs = Number(document.body.dataset.freshS || 60) * 1000;

function busy() {
  const at = document.activeElement;
  const typing = at instanceof HTMLInputElement && at.value !== "";
  return typing || document.querySelector("details.want[open], form[data-sending], [data-state=hearing], [data-state=sending]") !== null;
}

async function renew() {
  if (busy()) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) location.assign(answer.url); // the session has ended; nothing is typed on such a page
    if (!answer.ok || answer.redirected || busy()) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    const main = document.getElementById("main");
    if (!fresh) return;
    const open = [...main.querySelectorAll("details[open]")].map((element) => element.id);
    for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    if (textOf(fresh) !== textOf(main)) {
      main.replaceWith(document.adoptNode(fresh));
      document.dispatchEvent(new Event("renewed"));
    }
  } catch {
    // no net: the page stays as it is and tries again
  }
}

/** What the page says, without the times that run by themselves. */
function textOf(main) {
  const copy = main.cloneNode(true);
  for (const time of copy.querySelectorAll("time:not([data-form=at])")) time.textContent = time.dateTime;
  for (const spoken of copy.querySelectorAll(".spoken")) spoken.remove(); // its words change with the microphone
  return copy.innerHTML;
}

const me = Number(document.body.dataset.me || 0);
const MINE_APART_MS = 2000; // between two renewals for what is one's own
const NOBODYS_MS = 5000; // within so long after what anybody may take: not all pages of a team at one moment
let renewedAt = 0;
let dueAt = Infinity;
let timer = null;

function renewAt(at) {
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(() => {
    dueAt = Infinity;
    renewedAt = Date.now();
    renew();
  }, Math.max(at - Date.now(), 0));
}

/** A visit changed: one of this page, one that is mine now, or one that is nobody's yet. */
function hear(visit) {
  const shown = document.querySelector(`a[href="/visits/${Number(visit.visit_id)}"]`) !== null;
  if (shown || visit.nurse_id === me) renewAt(renewedAt + MINE_APART_MS);
  else if (visit.nurse_id === null) renewAt(Date.now() + NOBODYS_MS * (0.2 + 0.8 * Math.random()));
}

setInterval(renew, everyMs);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renew());
if (document.body.dataset.live !== undefined) {
  const stream = new EventSource("/events");
  stream.addEventListener("visit", (event) => hear(JSON.parse(event.data)));
}
