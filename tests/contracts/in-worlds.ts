/** Tests of a contract, each in a world of its own. */
import type { suite } from "uvu";

/** Adds a test whose world is made before it, and ended after it whatever becomes of it. */
export type Contract<World> = (sentence: string, act: (world: World) => Promise<void>) => void;

export function inWorlds<World>(
  test: ReturnType<typeof suite>,
  make: () => Promise<World>,
  end: (world: World) => Promise<void>,
): Contract<World> {
  return (sentence, act) => {
    test(sentence, async () => {
      const world = await make();
      try {
        await act(world);
      } finally {
        await end(world);
      }
    });
  };
}
