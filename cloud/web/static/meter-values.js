// What a meter says over Bluetooth, as the profiles have it: Blood Pressure (BLS 1.1.1) and Glucose (GLS 1.0.1).

const MG_DL_PER_MMOL_L = 18.0156;
const MM_HG_PER_KPA = 7.500617;

/** An SFLOAT (IEEE 11073-20601): 12 bits of mantissa, 4 of exponent to ten. null: the meter has no number. */
export function sfloat(view, at) {
  const raw = view.getUint16(at, true);
  const mantissa = (raw & 0x0fff) >= 0x0800 ? (raw & 0x0fff) - 0x1000 : raw & 0x0fff;
  const exponent = raw >> 12 >= 8 ? (raw >> 12) - 16 : raw >> 12;
  if (exponent === 0 && (mantissa >= 0x07fe || mantissa <= -0x07fe)) return null;
  return Number(`${mantissa}e${exponent}`);
}

/** Of the characteristic 2A35: {systolic, diastolic, pulse} in mmHg and beats a minute; what is not said is left out. */
export function bloodPressure(view) {
  const flags = view.getUint8(0);
  const scale = flags & 1 ? MM_HG_PER_KPA : 1;
  const found = { systolic: sfloat(view, 1), diastolic: sfloat(view, 3) };
  for (const name of ["systolic", "diastolic"]) {
    if (found[name] === null) delete found[name];
    else found[name] = Math.round(found[name] * scale);
  }
  const at = flags & 2 ? 14 : 7;
  const pulse = flags & 4 ? sfloat(view, at) : null;
  if (pulse !== null) found.pulse = Math.round(pulse);
  return found;
}

/** Of the characteristic 2A18: {glucose} in `unit`, mmol/L or mg/dL; nothing where the record has no value. */
export function glucose(view, unit) {
  const flags = view.getUint8(0);
  const at = flags & 1 ? 12 : 10;
  const value = flags & 2 ? sfloat(view, at) : null;
  if (value === null) return {};
  const mgDl = flags & 4 ? value * 1000 * MG_DL_PER_MMOL_L : value * 100_000;
  return { glucose: unit === "mg/dL" ? Math.round(mgDl) : Math.round((mgDl / MG_DL_PER_MMOL_L) * 10) / 10 };
}
