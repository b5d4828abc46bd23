/** The walk's rows are 1 ms apart and arrive some sixty times as fast: this interval gives about 20 states a second of real time. */
export const PUBLISH_EVERY_US = 3_000_000;
