/** A load balancer as the account describes it to the keeper of load balancers. */
export interface LoadBalancer {
  readonly LoadBalancerArn: string;
  readonly IdleSeconds: number;
  readonly Listeners: readonly Listener[];
  readonly TargetGroups: readonly TargetGroup[];
}

export interface Listener {
  readonly Port: number;
  readonly Protocol: 'HTTP' | 'HTTPS';
  /** The name in its certificate; empty without one. */
  readonly HostName: string;
  /** In the order in which they are done. */
  readonly Actions: readonly Action[];
}

export interface Action {
  readonly Type: string;
  readonly TargetGroupArn?: string;
  /** There for a user pool of Cognito as well: what it is as an identity provider. */
  readonly AuthenticateOidcConfig?: IdentityProvider;
  readonly RedirectConfig?: { readonly Protocol?: string; readonly Port?: string; readonly StatusCode: string };
}

export interface IdentityProvider {
  readonly Issuer: string;
  readonly AuthorizationEndpoint: string;
  readonly TokenEndpoint: string;
  readonly UserInfoEndpoint: string;
  readonly ClientId: string;
  readonly ClientSecret: string;
  readonly Scope?: string;
  /** A template may have it as text. */
  readonly SessionTimeout?: number | string;
}

export interface TargetGroup {
  readonly TargetGroupArn: string;
  readonly HealthCheckPath: string;
  readonly HealthCheckIntervalSeconds: number;
  readonly HealthCheckTimeoutSeconds: number;
  readonly HealthyThresholdCount: number;
  readonly UnhealthyThresholdCount: number;
  /** How long requests that a deregistered target has begun may take. */
  readonly DrainSeconds: number;
  readonly IsSticky: boolean;
  readonly StickySeconds: number;
  readonly Targets: readonly Target[];
}

export interface Target {
  readonly InstanceId: string;
  readonly Port: number;
  /** The instance's own address in its network. */
  readonly Address: string;
}

/** How a target is, as the account is told. */
export interface TargetHealth {
  readonly TargetGroupArn: string;
  readonly InstanceId: string;
  /** `draining`: deregistered, and it still answers what it has begun; `unused`: it has. */
  readonly State: 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused';
  readonly Description: string;
}
