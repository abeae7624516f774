import type { Stay, StayingTask } from './drain-diagnosis.ts';
import { shortName } from './fact-lines.ts';
import { compareTexts } from './order.ts';
import { idOf } from './replacement-look.ts';
import { taskLimitsOf } from './task-limits.ts';

/** Why a task stays, as far as it calls for another deed: a replacement that starts, fails and starts is one. */
function deedOf({ reason }: Stay): string {
  switch (reason) {
    case 'nothing-can-move':
    case 'protected':
    case 'no-room':
    case 'standalone-task':
      return reason;
    default:
      return 'replacement';
  }
}

/** How many tasks of whom stay for what: `1 report standalone-task, 2 search nothing-can-move`. */
export const keptByText = (blocking: readonly StayingTask[]): string =>
  [...Map.groupBy(blocking, ({ name, stay }) => `${shortName(name)} ${deedOf(stay)}`)]
    .map(([what, tasks]) => `${tasks.length} ${what}`)
    .sort(compareTexts)
    .join(', ');

const taskName = ({ name, arn }: StayingTask): string =>
  `${shortName(name)}/${idOf(arn).slice(0, 4)}`;

/** `cart/9c77: desired 3, at most 3 may run and at least 3 must` */
export function stayText(task: StayingTask): string {
  const who = taskName(task);
  const { stay } = task;
  switch (stay.reason) {
    case 'nothing-can-move':
      return `${who}: desired ${stay.desired}, at least ${stay.limits.minimum} and at most ${stay.limits.maximum} may run`;
    case 'protected':
      return `${who}: protected${stay.isPastDeadline ? ' past the deadline' : ''}`;
    case 'no-room':
      return `${who}: ${lackText(stay)}`;
    case 'standalone-task':
      return `${who}: standalone, nobody moves it`;
    case 'replacement-unhealthy':
    case 'replacement-starting':
      return `${who}: its replacement is ${stay.reason === 'replacement-unhealthy' ? 'ill' : 'starting'}`;
    default:
      return `${who}: ${stay.reason.replaceAll('-', ' ')}`;
  }
}

type NoRoom = Extract<Stay, { readonly reason: 'no-room' }>;

/** What the instances that are there are short of. */
function lackText({ lacks, needs }: NoRoom): string {
  switch (lacks?.what) {
    case 'resources':
      return `no room for ${needs.cpuUnits} CPU units, ${needs.memoryMiB} MiB`;
    case 'architecture':
      return 'room on instances of another CPU architecture only';
    case 'ports':
      return `room only where port ${lacks?.ports.slice(0, portsMax).join(', ')} is taken`;
    case 'interfaces':
      return 'room only where no network interface is left';
    case 'distinct':
      return 'room only where a task of it runs already (distinctInstance)';
    case undefined:
      return 'ECS could not place another one within the last hour';
  }
}

const portsMax = 3;

/** What gives a task the room that it lacks. */
function roomText({ lacks }: NoRoom): string {
  switch (lacks?.what) {
    case 'resources':
      return 'add capacity that has room for it';
    case 'architecture':
      return 'add an instance of its CPU architecture';
    case 'ports':
      return 'add an instance whose port is free, or let ECS choose the host port';
    case 'interfaces':
      return 'add an instance: these hold as many network interfaces as their type can';
    case 'distinct':
      return 'add an instance without a task of it';
    case undefined:
      return "read the service's events: they say what was missing";
  }
}

/** What a minimum costs: a percent of a large service is many tasks. */
function fewerText(desired: number, minimumHealthyPercent: number): string {
  const limits = { desired, minimumHealthyPercent, maximumPercent: undefined };
  const { canStop } = taskLimitsOf(limits);
  return canStop === 1 ? 'one task fewer' : `${canStop} tasks fewer`;
}

/** The one change that frees a task. */
export function changeText(task: StayingTask): string {
  const name = shortName(task.name);
  const { stay } = task;
  switch (stay.reason) {
    case 'nothing-can-move': {
      const { maximumPercentMin, minimumHealthyPercentMax } = stay.change;
      const most = `${name}: maximumPercent ${maximumPercentMin} or more`;
      return minimumHealthyPercentMax === undefined
        ? most
        : `${most}, or minimumHealthyPercent ${minimumHealthyPercentMax} or less (${fewerText(stay.desired, minimumHealthyPercentMax)} meanwhile)`;
    }
    case 'protected':
      return `${name}: leaves when its protection ends; end it if it may go`;
    case 'no-room':
      return `${name}: ${roomText(stay)}`;
    case 'standalone-task':
      return `${name}: let it finish, or run it elsewhere and stop it`;
    case 'replacement-unhealthy':
      return `${name}: repair the tasks that are ill`;
    default:
      return `${name}: read the service's events`;
  }
}
