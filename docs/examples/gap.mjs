/**
 * A detector of one's own: the gap between the first two channels of a group, in units of its running scale (docs/detectors.md).
 *
 *     eigenwatch up --actor docs/examples/gap.mjs --set gap.most=8
 *
 * @param {import("eigenwatch/actors").ActorKit} kit
 */
export default ({ defineDetector, v }) =>
  defineDetector({
    name: "gap",
    settings: {
      most: v.optional(v.pipe(v.number(), v.minValue(1)), 6),
      memoryRows: v.optional(v.pipe(v.number(), v.minValue(10)), 100),
    },
    appliesTo: (group) => group.n >= 2,
    create({ most, memoryRows }, { n, channels }) {
      const names = channels.slice(0, 2).map(({ name }) => name);
      const key = names.join("-");
      // All state is here: it is hashed, saved and restored. Rows, mean, variance, last score, whether it is wide.
      const state = new Float64Array(5);
      return {
        fields: { state },
        update({ rows, rowValue, rowTime }, context) {
          for (let r = 0; r < rows; r++) {
            const off = rowValue[r * n] - rowValue[r * n + 1] - state[1];
            if (Number.isNaN(off)) continue;
            const score = state[0] < memoryRows ? 0 : Math.abs(off) / Math.sqrt(state[2]);
            const about = {
              key,
              timeUs: rowTime[r],
              title: `${key}: ${score.toFixed(1)} × as far apart as usual`,
            };
            if (score > most && state[4] === 0)
              context.signal({ type: "found", ...about, channels: names, effect: score, evidence: score });
            if (score < most / 2 && state[4] === 1) context.signal({ type: "over", ...about });
            state[4] = score > most ? 1 : score < most / 2 ? 0 : state[4];
            state[3] = score;
            const weight = 1 / Math.min(++state[0], memoryRows);
            state[1] += weight * off;
            state[2] += weight * (off * off - state[2]);
          }
        },
        addMeasures: (measures) => Object.assign(measures, { "gap.score": state[3] }),
      };
    },
  });
