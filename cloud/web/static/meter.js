// The nurse's own meter fills the report in: her phone asks it over Bluetooth, where its browser can.

import { bloodPressure, glucose } from "./meter-values.js";
import { phrases } from "./moments.js";

const PRESSURE = 0x1810;
const GLUCOSE = 0x1808;
const LAST_RECORD = new Uint8Array([1, 6]); // of the record access control point: report stored records, the last one
const WAIT_MS = 90_000;

const place = document.querySelector(".from-meter");
const form = place?.closest("form");
const said = place?.querySelector("[aria-live]");

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const input = form.elements[name];
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const own = form.querySelector('[name="measured_with"][value="own_meter"]');
  if (own) own.checked = true;
  if (Object.keys(values).length) said.textContent = phrases.meter_read;
}

async function listen(service, number, read) {
  const values = await service.getCharacteristic(number);
  values.addEventListener("characteristicvaluechanged", () => fill(read(values.value)));
  await values.startNotifications();
}

async function ask() {
  said.textContent = "";
  let meter;
  try {
    meter = await navigator.bluetooth.requestDevice({
      filters: [{ services: [PRESSURE] }, { services: [GLUCOSE] }],
    });
    said.textContent = phrases.meter_asked;
    const server = await meter.gatt.connect();
    for (const service of await server.getPrimaryServices()) {
      if (service.uuid.startsWith("00001810")) await listen(service, 0x2a35, bloodPressure);
      if (!service.uuid.startsWith("00001808")) continue;
      await listen(service, 0x2a18, (value) => glucose(value, form.elements.glucose_unit.value));
      const records = await service.getCharacteristic(0x2a52);
      await records.startNotifications();
      await records.writeValueWithResponse(LAST_RECORD);
    }
    setTimeout(() => meter.gatt.disconnect(), WAIT_MS);
  } catch (error) {
    meter?.gatt.disconnect();
    if (error.name !== "NotFoundError") said.textContent = phrases.meter_silent; // else: none was chosen
    else said.textContent = "";
  }
}

if (place && navigator.bluetooth) {
  place.hidden = false;
  place.querySelector("button").addEventListener("click", ask);
}
