/** Workflows that come with the program, by name: the text of a file that people copy and change. */
export const PACKAGED: Readonly<Record<string, string>> = {
  "morning-check": `# What a desk does before the market opens. \`eigenwatch workflow example\` prints this file.
name: morning-check
title: Morning check
description: Feeds, what is usual, and what the night brought, before anybody relies on an alarm.

# What \`workflow run\` watches when it is given no --feed: synthetic daily bars, a day a millisecond, many more than it needs.
feeds:
  - synth:regime-switching?strength=0&rate=1.1574074074074073e-5&start=2000-01-01T00:00:00Z&duration=73000d&speed=86400000&group=bars

steps:
  connect:
    title: Connect feeds
    until: connected
    timeout: 1m
  warm-up:
    title: Warm up
    after: connect
    until: warm
    timeout: 1h
  run:
    title: Run 250 bars
    after: connect
    rows: 250
    timeout: 1h
  calm:
    title: No open incident
    after: [warm-up, run]
    until: calm
    timeout: 1h
  review:
    title: Review signals
    after: [warm-up, run]
    instructions: Look at the incidents of the night and at what moved together. Note what the desk must know.
  sign-off:
    title: Sign off
    after: [calm, review]
    role: owner
    instructions: Whoever answers for the desk.
`,
};
