/** `eigenwatch shadow-worker`, hidden: runs the log of a live session again. */
import { Command } from "@commander-js/extra-typings";
import { exitWith } from "../../cli/program.ts";
import { shadowWorkerCommand } from "./worker.ts";

export const shadowCommand = new Command("shadow-worker").action(exitWith(() => shadowWorkerCommand()));
