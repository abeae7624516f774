/** Ends that say of themselves what was seen; see `ended` in `alert-text/render.ts`. */
export const serviceGone = 'the service is gone';
export const pauseOver = 'the time to decide is over';
export const taskDone = 'a later task ended well';
export const optedOut = 'it opted out';
