/**
 * Writes rooms.csv: the temperatures of three rooms on one day, one row a minute. At 17:30 the cellar warms up by 4 °C and stays warm.
 *
 *   node docs/examples/rooms.mjs > docs/examples/rooms.csv
 *
 * Hall and kitchen follow the same weather; the cellar hardly does. The seed is fixed and only exact arithmetic is used, so the file is
 * the same on every machine.
 */
import process from "node:process";

const MINUTES = 24 * 60;
const CHANGE = 17.5 * 60;

let state = 20260301;

/** Roughly normal, standard deviation 1: the sum of twelve uniforms (a 32-bit linear congruential generator, Numerical Recipes). */
function noise() {
  let sum = -6;
  for (let k = 0; k < 12; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    sum += (state >>> 0) / 2 ** 32;
  }
  return sum;
}

const LEVEL = { hall: 19.5, kitchen: 21, cellar: 11 };
const WEATHER = { hall: 1, kitchen: 0.8, cellar: 0.1 };
const ROOMS = Object.keys(LEVEL);

let weather = 0;
const own = ROOMS.map(() => 0);
let table = `time,${ROOMS.join(",")}\n`;
for (let minute = 0; minute < MINUTES; minute++) {
  weather = 0.98 * weather + 0.05 * noise();
  const cells = ROOMS.map((room, k) => {
    own[k] = 0.9 * own[k] + 0.03 * noise();
    const change = room === "cellar" && minute >= CHANGE ? 4 : 0;
    return (LEVEL[room] + WEATHER[room] * weather + own[k] + change).toFixed(2);
  });
  const time = new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString().replace(".000", "");
  table += `${time},${cells.join(",")}\n`;
}
process.stdout.write(table);
