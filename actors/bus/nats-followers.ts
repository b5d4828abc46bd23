/**
 * Those who follow one stream in this process: the servers push an entry once, however many read it here, and it is decoded once.
 *
 *   follow from n ─► a delivery of its own ─┬─ stands where another one stands ─► one of both ends, the other serves both
 *                                           └─ nobody follows any more ─► ends
 *
 * F1  A follower gets the entries from its first one in order and without gaps; it leaves a delivery for another only where both would hand out the
 *     same number next.
 * F2  A stream that lost its end goes on with numbers that were given out before: every follower gets them again, and notices.
 */
import type { StreamEntry } from "../ports/bus.ts";

/** Hands over the entries of the stream from where `from` says, which is asked at each start. The returned function ends it. */
export type Deliver = (from: () => Promise<number>, take: (entry: StreamEntry) => void) => () => void;

interface Follower {
  readonly take: (entry: StreamEntry) => void;
  isGone: boolean;
}

/** A delivery and those whom it serves. */
interface Course {
  /** Number of the entry that it hands out next. */
  next: number;
  followers: readonly Follower[];
  end(): void;
}

export class NatsFollowers {
  readonly #deliver: Deliver;
  readonly #lastSequence: () => Promise<number>;
  /** The oldest first. */
  #courses: readonly Course[] = [];

  /** `lastSequence`: of the stream, as the servers say now. */
  constructor(deliver: Deliver, lastSequence: () => Promise<number>) {
    this.#deliver = deliver;
    this.#lastSequence = lastSequence;
  }

  add(fromSequence: number, take: (entry: StreamEntry) => void): () => void {
    const follower: Follower = { take, isGone: false };
    const next = Math.max(1, fromSequence);
    const same = this.#courses.find((course) => course.next === next);
    if (same === undefined) this.#begin(next, follower);
    else same.followers = [...same.followers, follower];
    return () => this.#leave(follower);
  }

  #begin(next: number, follower: Follower): void {
    const course: Course = { next, followers: [follower], end: () => {} };
    this.#courses = [...this.#courses, course];
    const from = async (): Promise<number> => {
      course.next = Math.min(course.next, (await this.#lastSequence()) + 1);
      return course.next;
    };
    course.end = this.#deliver(from, (entry) => this.#hand(course, entry));
  }

  #hand(course: Course, entry: StreamEntry): void {
    if (entry.sequence < course.next) return;
    course.next = entry.sequence + 1;
    // Who joins meanwhile begins with the entry after this one.
    for (const follower of course.followers) if (!follower.isGone) follower.take(entry);
    if (this.#courses.length > 1) this.#joinOthers(course);
  }

  /** The older one stays: it serves more. */
  #joinOthers(course: Course): void {
    if (course.followers.length === 0) return;
    const others = this.#courses.filter((each) => each === course || each.next === course.next);
    const [oldest, ...younger] = others;
    for (const each of younger) {
      oldest!.followers = [...oldest!.followers, ...each.followers];
      each.followers = [];
      this.#end(each);
    }
  }

  #leave(follower: Follower): void {
    if (follower.isGone) return;
    follower.isGone = true;
    const course = this.#courses.find(({ followers }) => followers.includes(follower));
    if (course === undefined) return;
    course.followers = course.followers.filter((each) => each !== follower);
    if (course.followers.length === 0) this.#end(course);
  }

  #end(course: Course): void {
    this.#courses = this.#courses.filter((each) => each !== course);
    course.end();
  }
}
