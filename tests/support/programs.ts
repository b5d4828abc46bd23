/**
 * Programs that tests need besides the runtimes: where they are, and how to install them.
 * A test file requires one with `// requires: chromium` and starts it from `program("chromium")`.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findProgram } from "../../.ci/runtime.mjs";

interface Program {
  /** Names it goes by, the usual one first. */
  names: string[];
  /** Overrides the search. */
  variable: string;
  /** Folders that may not be on the PATH. */
  places: string[];
  /** Packages in Debian and its derivatives, of which one is enough: the best first. */
  debian: string[];
}

/** Where Debian puts each version of PostgreSQL. */
const POSTGRES = [17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`);

const PROGRAMS: Record<string, Program> = {
  chromium: {
    // The first is the same engine without the windows, menus and profiles around it: half the CPU time of a test.
    names: ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"],
    variable: "CHROMIUM",
    places: ["/usr/bin"],
    debian: ["chromium-headless-shell", "chromium"],
  },
  "nats-server": {
    names: ["nats-server"],
    variable: "NATS_SERVER",
    places: ["/usr/sbin", "/usr/local/sbin"],
    debian: ["nats-server"],
  },
  initdb: {
    names: ["initdb"],
    variable: "INITDB",
    places: POSTGRES,
    debian: ["postgresql"],
  },
  postgres: {
    names: ["postgres"],
    variable: "POSTGRES",
    places: POSTGRES,
    debian: ["postgresql"],
  },
  "redis-server": {
    names: ["redis-server"],
    variable: "REDIS_SERVER",
    places: ["/usr/bin", "/usr/local/bin"],
    debian: ["redis-server"],
  },
  openssl: { names: ["openssl"], variable: "OPENSSL", places: ["/usr/bin"], debian: ["openssl"] },
  python3: {
    names: ["python3"],
    variable: "PYTHON3",
    places: ["/usr/bin"],
    debian: ["python3"],
  },
  go: { names: ["go"], variable: "GO", places: ["/usr/bin", "/usr/local/go/bin"], debian: ["golang-go"] },
};

export function isProgramName(name: string): boolean {
  return Object.hasOwn(PROGRAMS, name);
}

/** The path of a program, or null where it is missing. */
export function program(name: string): string | null {
  const { names, variable, places } = known(name);
  const set = process.env[variable];
  if (set !== undefined && set !== "") return existsSync(set) ? set : null;
  for (const each of names) {
    const path = findProgram(each, places);
    if (path !== null) return path;
  }
  return null;
}

/** Null if the program exists or was installed, which needs `mayInstall`; else what to do about it. */
export function provide(name: string, mayInstall: boolean): string | null {
  const { debian } = known(name);
  for (const each of debian) if (program(name) === null && mayInstall) install(each);
  const packages = debian.join(" or ");
  return program(name) === null
    ? `no ${name}: install it (Debian, Ubuntu: apt-get install ${packages})`
    : null;
}

let listsUpdated = false;

function install(debian: string): void {
  const apt = findProgram("apt-get");
  if (apt === null || process.getuid?.() !== 0) return;
  if (!listsUpdated) {
    console.log("Updating the package lists (apt-get update)");
    spawnSync(apt, ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"] });
    listsUpdated = true;
  }
  console.log(`Installing the package ${debian} (apt-get install)`);
  spawnSync(apt, ["install", "-y", "-qq", "--no-install-recommends", debian], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

function known(name: string): Program {
  const found = PROGRAMS[name];
  if (found !== undefined) return found;
  throw new Error(`Cannot look for the program ${name}: expected one of ${Object.keys(PROGRAMS).join(", ")}`);
}
