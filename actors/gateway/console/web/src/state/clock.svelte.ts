// now is the time of day, moving once a second: whatever shows an age or a countdown reads it.
class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => (this.now = Date.now()), 1000);
  }
}

export const clock = new Clock();
