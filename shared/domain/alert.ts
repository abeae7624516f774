import type { Severity, Transition } from './incident.ts';

/** One message in every form that a receiver reads; see `shared/aws/alert-gateway.ts`. */
export type Alert = {
  /** `incidentId#sequence`: the same id twice is the same message, sent again. */
  readonly id: string;
  /** ≤ 99 printable ASCII characters: SNS refuses more, and anything else. */
  readonly subject: string;
  /** The mail. */
  readonly text: string;
  readonly card: Card;
  /** Only for `critical`, and for the end of what was critical. */
  readonly page: Page | undefined;
  readonly attributes: AlertAttributes;
};

/** Where an alert goes: the channel, and whoever is on call. */
export type AlertTopic = 'alerts' | 'pages';

/** A chat card: the custom notification of Amazon Q Developer in chat applications. */
export type Card = {
  readonly title: string;
  readonly description: string;
  /** At most three. */
  readonly nextSteps: readonly string[];
  readonly keywords: readonly string[];
  readonly threadId: string;
  readonly summary: string;
};

/** What opens and closes a page, in the shape of a CloudWatch alarm notification. */
export type Page = {
  readonly state: 'ALARM' | 'OK';
  readonly alarmName: string;
  readonly alarmDescription: string;
  readonly reason: string;
  readonly atMs: number;
};

/** Message attributes, for filters; none may be empty. */
export type AlertAttributes = {
  readonly severity: Severity;
  readonly kind: string;
  readonly cluster: string;
  readonly service: string;
  readonly incidentId: string;
  readonly transition: Transition;
};
