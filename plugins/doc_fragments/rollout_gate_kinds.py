# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Gates: the settings of the other kinds, as suboptions that go on where the fragment of gates ends."""

    SUBOPTIONS = r"""
      maximum_crashes:
        description: For V(task_stability), tasks that may crash after they have started, at most 100.
        type: int
        default: 0
      maximum_out_of_memory:
        description: For V(task_stability), how many of these may have run out of memory (exit code 137).
        type: int
        default: 0
      allowed_exit_codes:
        description: For V(task_stability), exit codes of containers that are no crash.
        type: list
        elements: int
        default: []
      memory_horizon_minutes:
        description:
          - For V(task_stability), a release is C(UNHEALTHY) whose fullest task would run out of memory within so many
            minutes if it went on growing as it does, at most 1440. V(0) does not look at it.
          - It reads the C(Maximum) of C(MemoryUtilization) in C(AWS/ECS), which every service on Fargate has, once all
            users are on the release, and needs C(cloudwatch:GetMetricData). A trend takes at least six minutes and two
            more until CloudWatch has them; without data it is C(INCONCLUSIVE).
        type: int
        default: 0
      command:
        description: For V(command), the program and its arguments. No shell is started.
        type: list
        elements: str
        default: []
      environment:
        description:
          - For V(command), variables in addition to C(FASTBREAK_VERSION) (the release's tag) and C(FASTBREAK_URL)
            (O(url)). Values are text or whole numbers, and are not shown.
          - Of the environment of this module only C(PATH), C(HOME), the language, the time zone, the folder of
            temporary files and the certificates' variables are passed on.
        type: dict
        default: {}
      pass_credentials:
        description:
          - For V(command), whether it gets the variables C(AWS_*) of the environment.
          - Otherwise it gets no credentials of AWS. SDKs are kept from their files and from the instance's role.
        type: bool
        default: false
      command_timeout_seconds:
        description: For V(command), how long it may take, at most an hour. It is killed then, and the gate is C(ERROR).
        type: float
        default: 60
      webhook_url:
        description: For V(webhook), address of the endpoint. It must be https, or http on this machine.
        type: str
      webhook_token:
        description: For V(webhook), token that is sent as C(Bearer) in the header C(Authorization). It is never shown.
        type: str
      webhook_timeout_seconds:
        description: For V(webhook), how long one answer may take, at most an hour.
        type: float
        default: 30
      question:
        description: For V(approval), what the person is to decide, at most 500 characters.
        type: str
      golden_file:
        description:
          - For V(inference) and V(served_inference), a file of this machine with the lines that C(fastbreak-service
            golden) wrote, with the commit and the hashes of the networks that made them.
          - If the image's label C(com.fastbreak.models) names other networks, the release is refused before anything is
            changed.
        type: path
      inference_command:
        description: For V(inference) and V(served_inference), the command of the task.
        type: list
        elements: str
        default: [fastbreak-service, golden]
      inference_clips:
        description:
          - For V(inference) and V(served_inference), what is added to the command. Paths in the container, or https
            addresses that the task can reach, at most 20.
          - They are visible in the task's record in ECS. What an address holds beside host and path is not shown here.
        type: list
        elements: str
        default: []
      inference_container:
        description: For V(inference) and V(served_inference), container that the command runs in. Not given, the first
          of the task definition.
        type: str
      inference_timeout_seconds:
        description: For V(inference) and V(served_inference), how long the task may take, at most two hours. A release
          that takes longer is C(UNHEALTHY).
        type: float
        default: 600
      maximum_angle_difference:
        description: For V(inference) and V(served_inference), degrees by which the minimum, maximum and mean of each
          angle may differ.
        type: float
        default: 2
      minimum_speed_ratio:
        description: For V(inference), share of the running version's frames per second that the release needs, measured
          in a second task. V(0) compares no speed.
        type: float
        default: 0.5
      alarms:
        description: For V(alarms), names of the alarms, at most 100.
        type: list
        elements: str
        default: []
      namespace:
        description: For V(metric) and V(canary), namespace of the metrics.
        type: str
        default: AWS/ApplicationELB
      metric:
        description:
          - For V(metric), name of the metric.
          - For V(canary), name of the metric that counts errors. Not given, C(HTTPCode_Target_5XX_Count), and with it
            requests that no target answered (C(RequestCount) less all answers of targets).
        type: str
      per_metric:
        description:
          - For V(metric), name of a metric that the sum of O(gates[].metric) is divided by. Where it has data and
            O(gates[].metric) has none, that counts as 0.
          - For V(canary), name of the metric that counts requests. Not given, C(RequestCount).
        type: str
      dimensions:
        description:
          - For V(metric) and V(canary), dimensions of the metrics of the release. Values are text or whole numbers.
          - Not given, with the usual O(gates[].namespace), those of the target group that the release's tasks are
            registered with. With another one, V(metric) reads the metric that has none.
        type: dict
        default: {}
      baseline_dimensions:
        description: For V(canary), dimensions of the running version, if O(gates[].dimensions) are given.
        type: dict
        default: {}
      statistic:
        description: For V(metric), statistic over each period, such as C(Average), C(Maximum) or C(p99).
        type: str
        default: Sum
      period_seconds:
        description: For V(metric) and V(canary), length of a period. 1, 5, 10, 20, 30, or minutes up to 3600.
        type: int
        default: 60
      lag_seconds:
        description:
          - For V(metric) and V(canary), how old a period must be to be read. CloudWatch gets metrics late.
          - Only whole periods count that began after the gate's first measuring.
        type: float
        default: 120
      minimum:
        description: For V(metric), smallest value that passes.
        type: float
      maximum:
        description: For V(metric), largest value that passes.
        type: float
      minimum_periods:
        description: For V(metric), periods with data that are needed for C(HEALTHY), 1 to 1000.
        type: int
        default: 3
      maximum_bad_periods:
        description: For V(metric), periods beyond the limits that are allowed.
        type: int
        default: 0
      maximum_increase:
        description:
          - For V(canary), share of its requests by which the release may fail more than the running version, above 0
            and at most 0.5.
          - Both must have had at least 3 divided by this share of requests for C(HEALTHY).
        type: float
        default: 0.01
      false_alarm:
        description:
          - For V(canary), share of the releases at the limit that may be refused, however often they are looked at.
            Above 0 and at most 0.2.
          - With several gates that refuse by evidence, each needs more of it, so that all together keep this.
        type: float
        default: 0.01
"""
