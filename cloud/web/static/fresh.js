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
    const answer = await fetch(location.href, { headers: { accept: "text/html", "x-renewal": "1" } });
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
let forOwn = false; // whether the next renewal is for more than what is nobody's
const nobodys = new Set(); // visits that anybody may take, for which the next renewal is due

function renewAt(at) {
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(() => {
    forget();
    renewedAt = Date.now();
    renew();
  }, Math.max(at - Date.now(), 0));
}

function forget() {
  clearTimeout(timer);
  dueAt = Infinity;
  forOwn = false;
  nobodys.clear();
}

/** A visit changed: one's own, one that is nobody's yet, or a colleague's. */
function hear(visit) {
  const links = [...document.querySelectorAll(`[data-whose] a[href="/visits/${Number(visit.visit_id)}"]`)];
  const among = (whose) => links.filter((link) => link.closest("[data-whose]").dataset.whose === whose);
  if (visit.nurse_id === me || among("mine").length) {
    forOwn = true;
    renewAt(renewedAt + MINE_APART_MS);
  } else if (visit.nurse_id === null && visit.state !== "cancelled") {
    nobodys.add(visit.visit_id);
    renewAt(withinMoments());
  } else {
    nobodys.delete(visit.visit_id); // the centre gave it to a colleague, or one was quicker
    if (nobodys.size === 0 && !forOwn) forget();
    for (const link of among("nobodys")) leave(link, visit.visit_id);
    hearColleagues();
  }
}

const withinMoments = () => Date.now() + NOBODYS_MS * (0.2 + 0.8 * Math.random());

/** It goes from the list at once; a heading that stands alone then, and the thumb's bar, a moment later. */
function leave(link, id) {
  const list = link.closest("ol");
  link.closest("li").remove();
  const next = document.querySelector(`.thumb-bar form[action="/api/v1/visits/${Number(id)}/steps"]`);
  if (list.children.length > 0 && !next) return;
  forOwn = true;
  renewAt(withinMoments());
}

/** What colleagues do is folded away: it is asked for when somebody opens it. */
function hearColleagues() {
  const others = document.getElementById("others");
  others?.setAttribute("data-old", "");
  if (others && !others.open) return;
  forOwn = true;
  renewAt(withinMoments());
}

function hearToggle(event) {
  if (event.target.id !== "others" || !event.target.open || event.target.dataset.old === undefined) return;
  delete event.target.dataset.old;
  renew();
}

document.addEventListener("toggle", hearToggle, true);
setInterval(renew, everyMs);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renew());

/** A stream that broke comes back by itself; one that was refused is asked for again, not by all pages at one moment. */
function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("visit", (event) => hear(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000 + 3000 * Math.random());
  });
}

if (document.body.dataset.live !== undefined) listen();
