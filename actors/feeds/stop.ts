/** The end of a feed that has nothing to wait for but to be stopped. */
export class Stop {
  /** Resolves when `ask` is called. */
  readonly asked: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  ask(): void {
    this.#resolve();
  }
}
