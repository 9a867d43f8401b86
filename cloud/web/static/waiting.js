// What was done without a net waits here, in this phone's IndexedDB, in the order in which it was done.

const NAME = "doorstep-waiting";

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("acts", { autoIncrement: true });
  const database = await asked(opening);
  const transaction = database.transaction("acts", mode);
  transaction.oncomplete = transaction.onabort = () => database.close();
  return transaction.objectStore("acts");
}

/** One act: {staff, path, body, visit, words, refused}; gives its number. */
export const keep = async (act) => asked((await store("readwrite")).add(act));
export const change = async (number, act) => asked((await store("readwrite")).put(act, number));
export const drop = async (number) => asked((await store("readwrite")).delete(number));
export const empty = async () => asked((await store("readwrite")).clear());

/** The acts of `staff` as [number, act], oldest first. */
export async function waiting(staff) {
  const acts = await store("readonly");
  const [numbers, values] = await Promise.all([asked(acts.getAllKeys()), asked(acts.getAll())]);
  return numbers.map((number, place) => [number, values[place]]).filter(([, act]) => act.staff === staff);
}
