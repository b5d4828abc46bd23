/** What a program does when nobody reads its output any more: `| head` that has its lines, a terminal that was closed. */
import process from "node:process";
import { report } from "./terminal.ts";

type Listener = (error: NodeJS.ErrnoException) => void;

let ending: Listener | null = null;

/** Ends the program at once, without an error; a `--verify` that nobody reads did not verify. */
export function endWhenUnread(exitCode: number): void {
  listen((error) => {
    if (error.code === "EPIPE") process.exit(exitCode);
    report(`eigenwatch: Cannot write: ${error.message}`);
    process.exit(1);
  });
}

/** Calls `end` in its place: for a program that has something to do before it ends, such as to close a recording, or to hand over. */
export function endInOrderWhenUnread(end: () => void): void {
  listen((error) => {
    // Of a terminal that was closed it is EIO.
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    end();
  });
}

function listen(listener: Listener): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (ending !== null) stream.off("error", ending);
    stream.on("error", listener);
  }
  ending = listener;
}
