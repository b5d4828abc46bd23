/**
 * Tells systemd what becomes of the program, where it runs as a service of Type=notify (docs/deploy/eigenwatch.service). By `systemd-notify`: the socket
 * that systemd listens on is one of datagrams in the file system, which no runtime has.
 */
import { execFile } from "node:child_process";
import process from "node:process";

/** sd_notify(3). Options for them came one by one with versions of systemd. */
const STATES = { ready: "READY=1", stopping: "STOPPING=1" } as const;

/** Nothing happens where nobody asks to be told. `log` gets what hinders it: systemd then ends the service after its own time. */
export function tellServiceManager(what: keyof typeof STATES, log: (message: string) => void): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  execFile("systemd-notify", [`--pid=${process.pid}`, STATES[what]], (error) => {
    if (error !== null) log(`systemd could not be told that the program is ${what}: ${error.message}`);
  });
}
