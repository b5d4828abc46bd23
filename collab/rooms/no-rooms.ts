/** Where there are no shared documents, as in a cluster: whoever asks for one is told after the upgrade, which stops stock clients. */
import type { Clock } from "../../actors/ports/clock.ts";
import { RoomServer } from "./room-server.ts";

export function noRooms(clock: Clock, log: (message: string) => void): RoomServer {
  return new RoomServer({
    clock,
    open: () => null,
    noSession: "sessions of a cluster have no shared document; those of `up` without --nats do",
    admit: ({ identity }) => identity.principal,
    log,
  });
}
