import { describe, expect, it } from 'vitest';
import {
  compileEventPattern,
  patternCharsMax,
  UnsupportedPattern,
} from '../../simulator/event-pattern.ts';

const event = {
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  resources: ['arn:one', 'arn:two'],
  detail: {
    lastStatus: 'STOPPED',
    version: 4,
    enableExecuteCommand: false,
    startedBy: null,
    overrides: {},
    attachments: [],
    containers: [
      { name: 'app', exitCode: 137 },
      { name: 'proxy', exitCode: 0 },
    ],
  },
};

describe('an event pattern', () => {
  it.each<readonly [string, unknown, boolean]>([
    ['one of several values', { source: ['aws.ec2', 'aws.ecs'] }, true],
    ['another value', { source: ['aws.ec2'] }, false],
    ['all fields', { source: ['aws.ecs'], detail: { lastStatus: ['STOPPED'] } }, true],
    ['all fields but one', { source: ['aws.ecs'], detail: { lastStatus: ['RUNNING'] } }, false],
    ['upper and lower case', { source: ['AWS.ECS'] }, false],
    ['a number', { detail: { version: [4] } }, true],
    ['a number as text', { detail: { version: ['4'] } }, false],
    ['false', { detail: { enableExecuteCommand: [false] } }, true],
    ['null', { detail: { startedBy: [null] } }, true],
    ['null where nothing is', { detail: { group: [null] } }, false],
    ['one element of a list', { resources: ['arn:two'] }, true],
    [
      'two fields of one element',
      { detail: { containers: { name: ['app'], exitCode: [137] } } },
      true,
    ],
    [
      'two fields of two elements',
      { detail: { containers: { name: ['app'], exitCode: [0] } } },
      false,
    ],
    ['a prefix', { source: [{ prefix: 'aws.' }] }, true],
    ['another prefix', { source: [{ prefix: 'ecs' }] }, false],
    ['a prefix of a number', { detail: { version: [{ prefix: '4' }] } }, false],
    ['anything but another', { source: [{ 'anything-but': 'aws.ec2' }] }, true],
    ['anything but this', { source: [{ 'anything-but': ['aws.ec2', 'aws.ecs'] }] }, false],
    ['anything but a prefix', { source: [{ 'anything-but': { prefix: 'aws.e' } }] }, false],
    ['anything but another prefix', { source: [{ 'anything-but': { prefix: 'ecs' } }] }, true],
    ['anything where nothing is', { detail: { group: [{ 'anything-but': 'x' }] } }, false],
    ['anything but null', { detail: { startedBy: [{ 'anything-but': 'x' }] } }, true],
    ['what exists', { detail: { lastStatus: [{ exists: true }] } }, true],
    ['what does not exist', { detail: { group: [{ exists: true }] } }, false],
    ['what must not exist', { detail: { lastStatus: [{ exists: false }] } }, false],
    ['what rightly does not exist', { detail: { group: [{ exists: false }] } }, true],
    ['null, which exists', { detail: { startedBy: [{ exists: true }] } }, true],
    ['nothing in an object that is not there', { other: { field: [{ exists: false }] } }, true],
    ['an object, which is no leaf', { detail: [{ exists: true }] }, false],
    ['one of two operators', { source: [{ prefix: 'x' }, { exists: true }] }, true],
  ])('finds %s', (_, pattern, expected) => {
    expect(compileEventPattern(pattern)(event)).toBe(expected);
  });

  it.each([undefined, null, 'text', 1, [], {}])('does not match %j, which is no event', (value) => {
    expect(compileEventPattern({ source: ['aws.ecs'] })(value)).toBe(false);
  });

  it.each<readonly [string, unknown, string]>([
    ['a value without a list', { source: 'aws.ecs' }, 'pattern.source is neither'],
    ['an empty list', { source: [] }, 'pattern.source is empty'],
    ['an empty pattern', {}, 'pattern is empty'],
    ['no object', ['aws.ecs'], 'not an object'],
    ['nothing', undefined, 'not an object'],
    ['suffix', { source: [{ suffix: 'ecs' }] }, 'pattern.source.suffix: operator not simulated'],
    ['numeric', { detail: { version: [{ numeric: ['>', 1] }] } }, 'operator not simulated'],
    ['$or', { $or: [{ source: ['aws.ecs'] }] }, 'pattern.$or: operator not simulated'],
    ['a wildcard among values', { source: ['x', { wildcard: '*' }] }, 'operator not simulated'],
    ['prefix without case', { source: [{ prefix: { 'equals-ignore-case': 'x' } }] }, 'no text'],
    ['anything but a suffix', { source: [{ 'anything-but': { suffix: 'x' } }] }, 'not simulated'],
    ['anything but nothing', { source: [{ 'anything-but': [] }] }, 'neither a value'],
    ['exists of a text', { source: [{ exists: 'true' }] }, 'no boolean'],
    ['two operators in one', { source: [{ prefix: 'a', exists: true }] }, 'one operator'],
    ['a list in a list', { source: [['aws.ecs']] }, 'one operator'],
    ['too much', { source: ['x'.repeat(patternCharsMax)] }, `bound ${patternCharsMax}`],
  ])('refuses %s, whatever the event', (_, pattern, message) => {
    const compile = () => compileEventPattern(pattern);
    expect(compile).toThrow(UnsupportedPattern);
    expect(compile).toThrow(message);
  });
});
