/**
 * Samples as CSV (RFC 4180), as the page saves them: times in UTC to the microsecond, one row a sample.
 *
 *   time,group,channel,unit,value,size
 */
import { cellText } from "../../../protocol/cell-text.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import { isIn, type NamedFrame, type Stretch } from "./read-samples.ts";
import type { SampleTable } from "./table.ts";

export function csvTable(write: (bytes: Uint8Array) => Promise<void>): SampleTable {
  const encoder = new TextEncoder();
  return {
    begin: () => write(encoder.encode("time,group,channel,unit,value,size\n")),
    async frame({ channels, frame }: NamedFrame, stretch: Stretch) {
      let text = "";
      let rows = 0;
      const group = cellText(frame.group);
      for (let k = 0; k < frame.count; k++) {
        const timeUs = frame.time[k]!;
        const channel = channels[frame.channel[k]!];
        if (channel === undefined || !isIn(stretch, timeUs)) continue;
        const about = `${group},${cellText(channel.name)},${cellText(channel.unit)}`;
        text += `${exactTimeText(timeUs)},${about},${frame.value[k]},${frame.size?.[k] ?? ""}\n`;
        rows++;
      }
      if (rows > 0) await write(encoder.encode(text));
      return rows;
    },
    end: () => Promise.resolve(),
  };
}
