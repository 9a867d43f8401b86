// The board: hears alarms as they come, patches itself, and is worked by one-letter keys.

import { closeCard, openCardId, showCard } from "./card.js";
import { fill, now, phrases, refresh } from "./moments.js";
import { patch } from "./page.js";
import { canSound, mayWake, sound, soundOnce } from "./sound.js";

const parts = document.getElementById("parts");
const live = document.getElementById("live");
const keys = document.getElementById("keys");
const REFRESH_MS = 30000;
const SETTLE_MS = 60;
const APART_MS = 1000; // between two renewals for what is no call: events come in bursts, and every desk hears them all
let chosen = null; // the alarm that keys act on
let fetching = null;
let wanted = false;
let mine = false; // whether the next fetch is for what was done here

// --- what the page shows ---------------------------------------------------------------------------------------------

/** Fetches the parts anew; calls in quick succession become one. `acted`: after a deed here, and not of an event. */
async function renew(acted = false) {
  mine ||= acted;
  if (fetching) {
    wanted = true;
    return fetching;
  }
  fetching = (async () => {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    do {
      wanted = false;
      const headers = mine ? { accept: "text/html" } : { accept: "text/html", "x-renewal": "1" };
      mine = false;
      try {
        const answer = await fetch("/board/parts", { headers });
        if (answer.redirected) location.assign("/login?next=/board");
        else if (answer.ok) {
          const fresh = document.createElement("template");
          fresh.innerHTML = await answer.text();
          patch(parts, fresh.content);
          choose(chosen, false);
        }
      } catch {
        // the stream says that there is no connection; the next event or the timer tries again
      }
    } while (wanted);
  })();
  await fetching;
  fetching = null;
  soundIfCalled();
}

let later = null;
let renewedAt = 0;

/** For what need not be seen within a moment: at once, but not again within APART_MS. */
function renewSoon() {
  later ??= setTimeout(
    () => {
      later = null;
      renewedAt = performance.now();
      renew();
    },
    Math.max(0, renewedAt + APART_MS - performance.now()),
  );
}

const rows = () => [...document.querySelectorAll(".alarm")];
const calling = () => rows().filter((row) => row.dataset.state === "at_centre");

function soundIfCalled() {
  const anybody = calling().length > 0;
  sound(anybody);
  document.getElementById("sound").hidden = canSound();
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (anybody) document.title = `(${calling().length}) ${document.title}`;
}

/** An alarm that only the broker has told of: its row is made here, at once. */
function showUnstored(alarm) {
  if (document.getElementById(`alarm-${alarm.alarm_id}`)) return;
  const row = document.getElementById("unstored-alarm").content.querySelector(".alarm").cloneNode(true);
  row.id = `alarm-${alarm.alarm_id}`;
  row.dataset.alarm = alarm.alarm_id;
  const words = JSON.parse(document.getElementById("unstored-alarm").dataset.kinds ?? "{}");
  const said = {
    kind: words[alarm.kind] ?? alarm.kind.replaceAll("_", " "),
    name: alarm.elder_name ?? alarm.home_code,
    address: alarm.address,
    door_note: alarm.door_note,
  };
  for (const place of row.querySelectorAll("[data-fill]")) place.textContent = said[place.dataset.fill];
  if (!alarm.door_note) row.querySelector("[data-fill-note]").remove();
  row.querySelector("[data-fill-time]").dateTime = alarm.heard_at;
  const form = row.querySelector("form");
  if (form) form.action = `/api/v1/alarms/${alarm.alarm_id}/take`;
  document.getElementById("alarm-rows").prepend(row);
  document.querySelector('[data-part="alarms"] .empty')?.remove();
  refresh(row);
}

/** Whether the alarm still stands on the board: its card is then left where it is. */
const isOpen = (id) => document.getElementById(`alarm-${id}`) !== null;

// --- what the page hears ---------------------------------------------------------------------------------------------

let lostAt = null;

function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("open", () => {
    live.hidden = true;
    if (lostAt) renew();
    lostAt = null;
  });
  stream.addEventListener("error", () => {
    lostAt ??= new Date();
    const time = lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    live.textContent = fill(phrases.not_live, { time });
    live.hidden = false;
    if (stream.readyState === EventSource.CLOSED) {
      stream.close();
      setTimeout(listen, 2000);
    }
  });
  stream.addEventListener("alarm", (event) => {
    const alarm = JSON.parse(event.data);
    if (openCardId() === alarm.alarm_id) showCard(alarm.alarm_id);
    else if (alarm.new && (openCardId() === null || !isOpen(openCardId()))) showCard(alarm.alarm_id);
    if (alarm.new && !alarm.stored) {
      showUnstored(alarm);
      soundIfCalled();
      if (!chosen) choose(alarm.alarm_id, false);
    } else renew();
  });
  stream.addEventListener("stranger", (event) => {
    if (JSON.parse(event.data).gateway_id) soundOnce(); // nobody can take it, so nothing would end an endless tone
    renew();
  });
  for (const kind of ["alert", "visit", "status"]) stream.addEventListener(kind, renewSoon);
  stream.addEventListener("severe", () => renew());
}

// --- what keys do ----------------------------------------------------------------------------------------------------

function choose(id, focus = true) {
  const row = document.getElementById(`alarm-${id}`) ?? calling().at(-1) ?? rows()[0];
  for (const other of rows()) other.classList.toggle("chosen", other === row);
  chosen = row?.dataset.alarm ?? null;
  if (focus && row) {
    row.focus({ preventScroll: false });
  }
  return row;
}

function move(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.findIndex((row) => row.dataset.alarm === chosen);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  choose(all[next].dataset.alarm);
}

function opened(row) {
  return row?.querySelector("details[open][data-act]");
}

/** For the chosen call, else for that of the open card: its row may still be on its way, and is waited for. */
async function actOnCall(name) {
  const of = () => document.getElementById(`alarm-${chosen}`) ?? choose(openCardId());
  if (!of() && openCardId() !== null) await renew();
  act(of(), name);
}

function act(row, name) {
  const place = row?.querySelector(`[data-act="${name}"]`);
  if (!place) return;
  if (place.tagName === "FORM") {
    place.requestSubmit(place.querySelector("button"));
    return;
  }
  for (const other of row.querySelectorAll("details[open]")) if (other !== place) other.open = false;
  place.open = !place.open;
  if (place.open) place.querySelector("button").focus();
}

document.addEventListener("keydown", (event) => {
  mayWake();
  setTimeout(soundIfCalled, 50);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, textarea, select");
  const row = document.getElementById(`alarm-${chosen}`);
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else if (!keys.open && !opened(row) && openCardId() !== null) closeCard();
    const open = opened(row);
    if (open) {
      open.open = false;
      row.focus();
    }
    return;
  }
  if (typing) return;
  const choice = opened(row)?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (choice) {
    event.preventDefault();
    choice.form.requestSubmit(choice);
    return;
  }
  const does = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    t: () => actOnCall("take"),
    w: () => actOnCall("way"),
    c: () => actOnCall("close"),
    e: () => {
      const shown = row ?? choose(null);
      if (openCardId() === null || openCardId() !== shown?.dataset.alarm) shown && showCard(shown.dataset.alarm, { focus: true });
      else closeCard();
    },
    o: () => row?.dataset.record && location.assign(row.dataset.record),
    v: () => location.assign("/today"),
    s: () => parts.querySelector("form[data-looked]")?.requestSubmit(),
    "?": () => (keys.open ? keys.close() : keys.showModal()),
  }[event.key];
  if (does && (!keys.open || event.key === "?")) {
    event.preventDefault();
    does();
  }
});
document.addEventListener("pointerdown", (event) => {
  mayWake();
  setTimeout(soundIfCalled, 50);
  const row = event.target.closest?.(".alarm");
  if (row) choose(row.dataset.alarm, false);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-card-of]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showCard(link.dataset.cardOf, { focus: true });
  document.getElementById("card").scrollIntoView({ block: "nearest" });
});
document.addEventListener("done", (event) => {
  if (event.detail.form.closest("#card")) {
    event.detail.form.reset();
    for (const open of event.detail.form.closest("#card").querySelectorAll("details[open]")) open.open = false;
    showCard(openCardId());
  }
  for (const open of event.detail.form.closest(".alarm")?.querySelectorAll("details[open]") ?? []) open.open = false;
  renew(true);
});
document.addEventListener("stale", () => renew(true));

// The desk starts dark at night, by its own clock.
const hour = new Date().getHours();
if (hour < 7 || hour >= 20) document.documentElement.dataset.theme = "dark";

choose(null, false);
soundIfCalled();
listen();
setInterval(() => renew(), REFRESH_MS);
