import { ServiceError } from '../errors.ts';

const digitsMax = 38;
const magnitudeMax = 125;
const magnitudeMin = -130;

/** `coefficient × 10^exponent`; a DynamoDB number has more digits than a double can hold. */
type Decimal = { readonly coefficient: bigint; readonly exponent: number };

/** The one way DynamoDB writes this number; throws ValidationException when it is none. */
export function canonicalNumber(text: string): string {
  return format(parse(text));
}

/** Negative, zero or positive as `left` is below, equal to or above `right`. */
export function compareNumbers(left: string, right: string): number {
  const [a, b] = align(parse(left), parse(right));
  return a < b ? -1 : Number(a > b);
}

/** The exact sum. */
export function addNumbers(left: string, right: string): string {
  const [a, b, exponent] = align(parse(left), parse(right));
  return format(checked({ coefficient: a + b, exponent }));
}

/** The exact difference. */
export function subtractNumbers(left: string, right: string): string {
  const [a, b, exponent] = align(parse(left), parse(right));
  return format(checked({ coefficient: a - b, exponent }));
}

function parse(text: string): Decimal {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  if (match === null || whole + fraction === '') {
    throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const magnitude = BigInt(whole + fraction);
  return checked({
    coefficient: sign === '-' ? -magnitude : magnitude,
    exponent: Number(power) - fraction.length,
  });
}

function checked(decimal: Decimal): Decimal {
  if (decimal.coefficient === 0n) return { coefficient: 0n, exponent: 0 };
  let { coefficient, exponent } = decimal;
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent += 1;
  }
  const digits = digitsOf(coefficient).length;
  const magnitude = exponent + digits - 1;
  if (magnitude > magnitudeMax) {
    throw invalid(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  if (magnitude < magnitudeMin) {
    throw invalid(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  }
  if (digits > digitsMax) {
    throw invalid('Attempting to store more than 38 significant digits in a Number');
  }
  return { coefficient, exponent };
}

function format({ coefficient, exponent }: Decimal): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = digitsOf(coefficient);
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function align(left: Decimal, right: Decimal): [a: bigint, b: bigint, exponent: number] {
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = (decimal: Decimal) =>
    decimal.coefficient * 10n ** BigInt(decimal.exponent - exponent);
  return [scaled(left), scaled(right), exponent];
}

function digitsOf(coefficient: bigint): string {
  return (coefficient < 0n ? -coefficient : coefficient).toString();
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
