import { describe, expect, it } from 'vitest';
import { UnsupportedTemplate } from '../../../simulator/stack/intrinsics.ts';
import { readStack } from '../../../simulator/stack/template.ts';

const options = { name: 'one', region: 'eu-central-1', accountId: '123456789012' };

const stackOf = (text: string, parameters: Readonly<Record<string, string>> = {}) =>
  readStack({ ...options, parameters, text });

const text = `
Parameters:
  Name: { Type: String, Default: orders }
  Zones: { Type: CommaDelimitedList, Default: '' }
Conditions:
  IsNamed: !Not [!Equals [!Ref Name, '']]
  HasZones: !And [!Condition IsNamed, !Not [!Equals [!Join ['', !Ref Zones], '']]]
Globals:
  Function:
    Timeout: 10
    Environment: { Variables: { NAME: !Ref Name, REGION: !Ref AWS::Region } }
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub '\${AWS::StackName}-worker'
      Timeout: 20
      VpcConfig: !If [HasZones, { SubnetIds: !Ref Zones }, !Ref AWS::NoValue]
      Environment: { Variables: { QUEUE: !GetAtt Jobs.Arn, URL: !Ref Jobs } }
  Jobs:
    Type: AWS::SQS::Queue
  Extra:
    Type: AWS::SQS::Queue
    Condition: HasZones
`;

describe('readStack', () => {
  it('fills in parameters, references, attributes and globals', () => {
    const { properties } = stackOf(text).resource('Worker');
    expect(properties).toEqual({
      FunctionName: 'one-worker',
      Timeout: 20,
      Environment: {
        Variables: {
          NAME: 'orders',
          REGION: 'eu-central-1',
          QUEUE: 'arn:aws:sqs:eu-central-1:123456789012:one-Jobs',
          URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/one-Jobs',
        },
      },
    });
  });

  it('decides conditions by the parameters', () => {
    const ids = (zones: string): readonly string[] =>
      stackOf(text, { Zones: zones }).resources.map(({ id }) => id);
    expect(ids('')).toEqual(['Worker', 'Jobs']);
    expect(ids('a,b')).toEqual(['Worker', 'Jobs', 'Extra']);
    const { properties } = stackOf(text, { Zones: 'a,b' }).resource('Worker');
    expect(properties.VpcConfig).toEqual({ SubnetIds: ['a', 'b'] });
  });

  it('finds a resource by its ARN', () => {
    const stack = stackOf(text);
    expect(stack.byArn(stack.arnOf('Worker'))?.id).toBe('Worker');
    expect(stack.arnOf('Worker')).toBe(
      'arn:aws:lambda:eu-central-1:123456789012:function:one-worker',
    );
  });

  it.each([
    ['an unknown function', 'A: { Type: T, Properties: { X: { "Fn::Cidr": [] } } }', 'Fn::Cidr'],
    ['an unknown name', 'A: { Type: T, Properties: { X: { Ref: Nobody } } }', 'Nobody'],
    ['a resource without a type', 'A: { Properties: {} }', 'A has no type'],
  ])('refuses %s', (_, resource, message) => {
    expect(() => stackOf(`Resources:\n  ${resource}\n`)).toThrow(UnsupportedTemplate);
    expect(() => stackOf(`Resources:\n  ${resource}\n`)).toThrow(message);
  });

  it('needs a value for a parameter without a default', () => {
    const needy = 'Parameters: { A: { Type: String } }\nResources: {}\n';
    expect(() => stackOf(needy)).toThrow('the parameter A needs a value');
  });

  it('carries out the whole of template.yaml', () => {
    const { resources } = readStack({ ...options, parameters: { ClusterArns: 'arn:a,arn:b' } });
    expect(JSON.stringify(resources)).not.toMatch(/"(Ref|Fn::)/);
    expect(resources.length).toBeGreaterThan(30);
  });
});
