// A nurse's pages without a net: they are kept on this phone, steps and reports wait in order, and are told when the
// net is back. What the centre does not take then is shown with what was entered; nothing is overwritten silently.

import { fill, now, phrases, refresh } from "./moments.js";
import { change, drop, empty, keep, waiting } from "./waiting.js";

const staff = Number(document.body.dataset.staff);
const visit = Number(/^\/visits\/(\d+)$/.exec(location.pathname)?.[1] ?? 0);
const PAGES = "doorstep-pages";
const AGAIN_MS = 15_000;
const FRESH_MS = 15 * 60_000;
const AT_MOST = 20;
const MARKS = ["key", "did_at", "to", "glucose_unit", "measured_at"];
const WAY = ["proposed", "accepted", "travelling", "at_the_door", "filed"];

const bar = document.createElement("div");
bar.className = "no-net";
bar.setAttribute("role", "status");
bar.hidden = true;
document.getElementById("main").before(bar);
let lostAt = document.documentElement.dataset.keptAt ? Number(document.documentElement.dataset.keptAt) : null;

const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Puts the act of a form that could not be sent among those that wait. */
export const wait = (form, body) =>
  waitFor({
    path: new URL(form.action).pathname,
    body,
    words: form.dataset.words || form.querySelector("button")?.textContent.trim() || "",
  });

/** An act: {path, body, words}; a photo has its blob beside what marks it, and a small picture of it to show. */
export async function waitFor(act) {
  await keep({
    ...act,
    staff,
    visit: Number(/\/visits\/(\d+)\//.exec(act.path)[1]),
    who: document.querySelector(".visit-head h1, .thumb-who b")?.firstChild?.textContent.trim() ?? "",
  });
  lostAt ??= Date.now();
  await show();
}

/** Whether something of this person waits, so that what comes after has to wait too. */
export const isBehind = async () => (await waiting(staff)).some(([, act]) => !act.refused);

async function tell([number, act]) {
  const answer = await fetch(act.blob ? `${act.path}?${new URLSearchParams(act.body)}` : act.path, {
    method: "POST",
    headers: { "content-type": act.blob ? "image/jpeg" : "application/json", accept: "application/json" },
    body: act.blob ?? JSON.stringify(act.body),
  });
  if (answer.ok) await drop(number);
  else if (answer.status >= 500 || [401, 408, 425, 429].includes(answer.status)) return false;
  else {
    const said = await answer.json().catch(() => ({}));
    await change(number, { ...act, refused: [said.error, said.detail].filter(Boolean).join(" ") || String(answer.status) });
  }
  return true;
}

/** Tells what waits, one after the other, in one tab only. */
async function tellAll() {
  await navigator.locks.request("doorstep-waiting", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const acts = (await waiting(staff)).filter(([, act]) => !act.refused);
    if (acts.length === 0 && lostAt === null) return;
    try {
      if (acts.length === 0) await fetch("/static/logo.svg", { method: "HEAD", cache: "no-store" });
      for (const act of acts) if (!(await tell(act))) return;
      lostAt = null;
      const refused = (await waiting(staff)).some(([, act]) => act.refused);
      if (acts.length || document.documentElement.dataset.keptAt) {
        if (!refused || !acts.length) location.reload();
      }
    } catch {
      lostAt ??= Date.now();
    }
  });
  await show();
}

function line(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

async function show() {
  const acts = await waiting(staff);
  const open = acts.filter(([, act]) => !act.refused);
  bar.replaceChildren();
  if (lostAt !== null) bar.append(line("p", fill(phrases.no_net, { time: clock(lostAt) })));
  if (open.length) bar.append(line("p", fill(phrases.waits, { n: open.length })));
  for (const [number, act] of acts.filter(([, one]) => one.refused)) bar.append(refusal(number, act));
  bar.hidden = bar.childElementCount === 0;
  for (const card of document.querySelectorAll("a.card")) {
    const mine = open.filter(([, act]) => `/visits/${act.visit}` === new URL(card.href).pathname);
    card.querySelector(".waits")?.remove();
    if (mine.length) card.append(line("span", fill(phrases.waits_here, { what: mine.at(-1)[1].words }), "state waits"));
  }
  if (visit) layOver(open.map(([, act]) => act).filter((act) => act.visit === visit));
}

/** What the centre did not take, with what was entered, until somebody has read it. */
function refusal(number, act) {
  const place = line("section", "", "refused");
  place.append(line("p", fill(phrases.not_taken, { who: act.who, what: act.words, why: act.refused })));
  const entered = Object.entries(act.body).filter(([name]) => !MARKS.includes(name));
  if (act.small) {
    const picture = line("img", "");
    picture.src = act.small;
    picture.alt = act.words;
    place.append(picture);
  }
  if (entered.length) place.append(line("pre", entered.map(([name, value]) => `${name}: ${value}`).join("\n")));
  const link = line("a", phrases.open_visit);
  link.href = `/visits/${act.visit}`;
  const read = line("button", phrases.have_read);
  read.addEventListener("click", async () => {
    await drop(number);
    await show();
  });
  place.append(link, read);
  return place;
}

/** The page of a visit as it stands with what waits: the next step, or the report. */
function layOver(acts) {
  const reached = acts.filter((act) => !act.blob).map((act) => act.body.to ?? "filed").filter((state) => WAY.includes(state)).at(-1);
  if (!reached) return;
  const marks = document.querySelectorAll(".progress li");
  marks.forEach((mark, place) => {
    mark.classList.toggle("reached", place <= WAY.indexOf(reached));
    mark.toggleAttribute("aria-current", place === WAY.indexOf(reached));
  });
  for (const part of document.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== reached;
}

/** Keeps the visits of the list, and the records behind them, so that they open without a net. */
async function keepPages() {
  if (location.pathname !== "/today" || lostAt !== null || !("caches" in window)) return;
  const pages = await caches.open(PAGES);
  const links = [...document.querySelectorAll("[data-keep]")].flatMap((place) => place.dataset.keep.split(" "));
  for (const link of [...new Set(links)].slice(0, AT_MOST)) {
    const kept = await pages.match(link);
    if (kept && Date.now() - Number(kept.headers.get("x-kept-at")) < FRESH_MS) continue;
    try {
      const answer = await fetch(link, { headers: { accept: "text/html" } });
      if (!answer.ok || answer.redirected) continue;
      const headers = new Headers({ "x-kept-at": String(Date.now()) });
      for (const name of ["content-type", "content-security-policy"]) headers.set(name, answer.headers.get(name));
      await pages.put(link, new Response(await answer.blob(), { headers }));
    } catch {
      return;
    }
  }
}

/** What a phone adds to an act, so that it is done once and at its own time. */
export const mark = () => ({ key: crypto.randomUUID(), did_at: new Date(now()).toISOString() });

// Who signs out leaves nothing behind for the next who takes the phone; what waits is told first.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.action.endsWith("/logout") || form.dataset.told) return;
  event.preventDefault();
  await tellAll();
  if (await isBehind()) return;
  await Promise.all([caches.delete(PAGES), empty()]);
  form.dataset.told = "yes";
  form.submit();
});

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/service-worker.js");
window.addEventListener("online", tellAll);
window.addEventListener("offline", () => {
  lostAt ??= Date.now();
  show();
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tellAll());
setInterval(tellAll, AGAIN_MS);
if (!navigator.onLine) lostAt ??= Date.now();
refresh();
begin();

async function begin() {
  await show();
  await tellAll();
  await keepPages();
  document.body.dataset.kept = "yes";
}
