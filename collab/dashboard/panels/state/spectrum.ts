/** The eigenvalues of ρ as bars, largest first. The smallest are left out where they do not fit. */
import { theme } from "../../theme/theme.ts";
import type { MomentPicture } from "./moment-chart.ts";

const MOST_BARS = 32;

export const SPECTRUM: MomentPicture = {
  everyMs: 200,
  showsPast: false,
  paint({ context, width, height }, moment) {
    const look = theme.peek();
    const values = Array.from(moment.spectrum).slice(0, MOST_BARS);
    const pitch = width / Math.max(8, values.length);
    const thick = Math.max(1, Math.min(16, pitch - 2));
    context.fillStyle = look.grid;
    context.fillRect(0, height - 1, width, 1);
    values.forEach((value, k) => {
      const high = Math.max(value > 0 ? 1 : 0, Math.min(1, value) ** 0.6 * (height - 2));
      context.fillStyle = k === 0 ? (look.measures[0] ?? look.accent) : look.accent;
      context.globalAlpha = k === 0 ? 1 : Math.max(0.35, 0.9 - 0.05 * k);
      context.fillRect(
        Math.round(k * pitch),
        Math.round(height - 1 - high),
        Math.floor(thick),
        Math.round(high),
      );
    });
    context.globalAlpha = 1;
  },
};
