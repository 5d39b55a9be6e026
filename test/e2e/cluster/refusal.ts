/** What Kubernetes answers where it does not do what it was asked for. */
export class KubernetesError extends Error {
  public constructor(
    /**
     * Who refused: the API server (`Invalid`, `Forbidden`, `NotFound`, `AlreadyExists`, and `InternalError` where it cannot call a webhook), an admission webhook
     * (`Denied`), the scheduler (`FailedScheduling`), or the kubelet, which leaves a pod waiting for this reason (`FailedMount`, `CreateContainerConfigError`,
     * `Init:Error`, `Error`).
     */
    public readonly reason: 'Invalid' | 'Forbidden' | 'NotFound' | 'AlreadyExists' | 'InternalError' | 'Denied' | 'FailedScheduling' | 'FailedMount' | 'CreateContainerConfigError'
    | 'Init:Error' | 'Error',
    message: string,
  ) {
    super(`${reason}: ${message}`);
    this.name = 'KubernetesError';
  }
}
