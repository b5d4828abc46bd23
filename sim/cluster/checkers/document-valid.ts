import { checkEntry, isRootName } from "../../../protocol/room-document.ts";
import type { Checker, Observed } from "./checker.ts";

/** Nobody ever sees an entry that is not as the schema wants it: what somebody else wrote against it is put back before it arrives. */
export function documentValid(): Checker {
  return {
    name: "document-valid",
    rule: "no page shows an entry of others that the schema does not allow",
    observes: ["shown"],
    observe(observation) {
      const { client, root, key, value } = observation as Observed<"shown">;
      if (!isRootName(root)) return `${client} shows ${key} of ${root}, which is no root of the document`;
      if (value === undefined) return null;
      const issue = checkEntry(root, key, value);
      return issue === null
        ? null
        : `${client} shows ${key} of ${root} as ${JSON.stringify(value)}; expected ${issue.expected}`;
    },
  };
}
