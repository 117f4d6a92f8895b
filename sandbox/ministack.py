# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Every name of MiniStack that the sandbox uses or replaces, as `sandbox.seam` checks it. Nothing else imports it."""

from typing import Final

from sandbox import ministack_smaller
from sandbox.seam import ACCOUNT_STORE, STORE, Module, actions, replaced, stores, used

app = Module(
    "ministack.app",
    used("app", "async (scope, receive, send)"),
    used("AUTH", "bool"),
    replaced("pin_request_origin", "(source_ip, secure_transport)"),
    replaced("_reset_all_state", "()"),
    used(
        "SERVICE_HANDLERS",
        "dict",
        "appsync backup cloudtrail dynamodb ec2 ecr ecs elasticloadbalancing iam kms logs monitoring rds s3 "
        "secretsmanager wafv2",
    ),
    replaced("_stop_docker_containers", "(include_unlabelled=False)"),
)
arns = Module("ministack.core.arn", used("parse_arn", "(value)"))
container_reaper = Module(
    "ministack.core.container_reaper",
    replaced("drop_containers", "(containers, stop_timeout=2, force=False)"),
    used("instance_id", "()"),
    used("INSTANCE_LABEL", "str"),
    used("own_labels", "(service, **extra)"),
)
iam_actions = Module(
    "ministack.core.iam_actions",
    replaced(
        "access_denied_response",
        "(service, action, principal_arn, request_id, *, error_code='', message='', headers=None, resource_arn='*', "
        "explicit_deny=False, resource_policy_arn='')",
    ),
    replaced("extract_resource_arn", "(service, method, path, headers, body, query_params, region, account_id)"),
    used("_s3_action", "(method, path, query_params)"),
    used("SERVICE_TO_IAM_NAMESPACE", "dict", "ecs"),
)
iam_evaluator = Module(
    "ministack.core.iam_evaluator",
    replaced("enforce", "(access_key_id, iam_action, service, region, resource_arn='*', service_context=None)"),
    replaced("_resource_policy", "(service, resource_arn)"),
    *stores("EvalContext EvalResult PrincipalInfo", "class"),
    used("pin_request_origin", "(source_ip, secure_transport)"),
    used("evaluate", "(ctx, policies, *limits)"),
    used("evaluate_resource_policy", "(doc, ctx, service=None, named_only=False, direct_only=False)"),
    used("_gather_role_policies", "(role_name, account_id)"),
    used("_gather_user_policies", "(user_name, account_id)"),
    used("combine_resource_policy", "(identity, ctx, policy, owner_account, required=False, limits=())"),
    used("_permissions_boundary", "(store, name, account_id)"),
    used("resolve_caller_identity", "(access_key_id)"),
    used("resolve_principal", "(access_key_id, account_id, credential=None)"),
)
responses = Module(
    "ministack.core.responses",
    used(
        "AccountRegionScopedDict",
        "class",
        "_data __contains__ __delitem__ __getitem__ __iter__ __setitem__ all_items clear get get_scoped "
        "items pop setdefault to_dict values",
    ),
    used("AccountScopedDict", "class", "__delitem__ __setitem__ pop to_dict"),
    used(
        "error_response_json",
        "(code, message, status=400, extra=None, *, message_key='message', content_type='application/x-amz-json-1.0')",
    ),
    *(used(name, "()") for name in ("get_account_id", "get_region", "now_iso")),
    used("json_response", "(data, status=200, *, content_type='application/x-amz-json-1.0')"),
    used("request_scope", "(account_id, region)"),
)
router = Module(
    "ministack.core.router",
    used("extract_access_key_id", "(headers, query_params=None)"),
    used("SERVICE_PATTERNS", "dict"),
)
acm = Module(
    "ministack.services.acm",
    replaced("_cert_shape", "(cert)"),
    used("_certificates", STORE),
    used("_decode_pem_field", "(value)"),
    *actions("_delete_certificate _import_certificate _request_certificate"),
    keys="_pem_body _pem_chain _private_key",
)
alb = Module(
    "ministack.services.alb",
    used(
        "_ACTION_MAP",
        "dict",
        "CreateListener CreateRule CreateTargetGroup DeleteLoadBalancer DeleteRule DeleteTargetGroup "
        "DeregisterTargets DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers "
        "DescribeRules DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth "
        "ModifyListener ModifyLoadBalancerAttributes ModifyRule ModifyTargetGroup "
        "ModifyTargetGroupAttributes RegisterTargets SetRulePriorities",
    ),
    replaced("_action_xml", "(a)"),
    replaced("_condition_xml", "(c)"),
    used("_delete_listener", "(params)"),
    replaced(
        "dispatch_request",
        "async (lb, method, path, headers, body, query_params, port=80, client_ip=None, "
        "raw_query_string=None, raw_path=None)",
    ),
    used("_empty", "(action)"),
    used("_error", "(code, message, status=400)"),
    *stores("_lb_attrs _listener_attrs _tg_attrs", ACCOUNT_STORE),
    replaced("_lb_xml", "(lb)"),
    *(replaced(name, STORE) for name in ("_lbs", "_listeners")),
    used("_p", "(params, key, default='')"),
    replaced("_parse_actions", "(params, prefix='DefaultActions')"),
    replaced("_parse_conditions", "(params, prefix='Conditions')"),
    used("_parse_targets_param", "(params, prefix='Targets')"),
    *stores("_rules _tgs"),
    replaced("set_targets_for_group", "(tg_arn, targets, previous_ids=())"),
    replaced("_tg_xml", "(tg)"),
    used("_xml", "(status, action, inner)"),
)
cloudformation = Module(
    "ministack.services.cloudformation",
    used(
        "_ACTION_HANDLERS",
        "dict",
        "CreateChangeSet CreateStack DescribeChangeSet DescribeStackEvents DescribeStackResource DescribeStacks "
        "ExecuteChangeSet GetTemplate SetStackPolicy UpdateStack",
    ),
    *stores("_change_sets _stack_events _stacks"),
    replaced("handle_request", "async (method, path, headers, body, query_params)"),
)
changesets = Module(
    "ministack.services.cloudformation.changesets",
    replaced("_evaluate_conditions", "(template, params)"),
    used("_find_change_set", "(cs_name, stack_name='')"),
)
drift = Module(
    "ministack.services.cloudformation.drift",
    used("detect_resource_drift", "(stack, logical_id, record, timestamp)"),
    used("_DRIFT_READERS", "dict", "AWS::DynamoDB::Table AWS::IAM::Role AWS::Logs::LogGroup"),
    used("supports_drift", "(resource_type)"),
)
engine = Module(
    "ministack.services.cloudformation.engine",
    replaced("_evaluate_conditions", "(template, params)"),
    used("_resolve_refs", "(value, resources, params, conditions, mappings, stack_name, stack_id)"),
)
handlers = Module(
    "ministack.services.cloudformation.handlers",
    used("_error", "(code, message, status=400)"),
    replaced("_evaluate_conditions", "(template, params)"),
    used("_p", "(params, key, default='')"),
    used("_resolve_stack", "(stack_name)"),
    keys="_resources _stack_policy",
)
provisioners = Module(
    "ministack.services.cloudformation.provisioners",
    *stores("_CONDITIONALLY_REPLACING_PROPERTIES _CUSTOM_NAME_REPLACEMENT _REPLACING_PROPERTIES", "dict"),
    replaced("_ecr_cfn_to_api", "(props)"),
    replaced("_elbv2_listener_actions", "(props, lb_arn, prop='DefaultActions')"),
    replaced("_flatten_listener_rule_conditions", "(cfn_conditions)"),
    used("_physical_name", "(stack_name, logical_id, *, lowercase=False, max_len=128, seeded=True)"),
    used("_requires_replacement", "(resource_type, old_props, new_props)"),
    used(
        "_RESOURCE_HANDLERS",
        "dict",
        "AWS::CertificateManager::Certificate AWS::DynamoDB::Table AWS::EC2::VPC AWS::ECR::Repository "
        "AWS::ElasticLoadBalancingV2::Listener AWS::ElasticLoadBalancingV2::LoadBalancer AWS::IAM::Role "
        "AWS::S3::Bucket",
    ),
    used("_STACK_TAG_PROPERTY", "dict"),
)
stacks = Module(
    "ministack.services.cloudformation.stacks",
    replaced("_delete_resource", "(resource_type, physical_id, props, stack_name=None, logical_id=None)"),
    replaced("_evaluate_conditions", "(template, params)"),
    replaced("_provision_resource", "(resource_type, logical_id, props, stack_name)"),
    replaced(
        "_add_event",
        "(stack_id, stack_name, logical_id, resource_type, status, reason='', physical_id='', detailed_status='')",
    ),
    replaced(
        "_fail_property_validation",
        "(stack, stack_id, stack_name, resources_defs, ordered, param_values, conditions, mappings, "
        "disable_rollback, previous_stack=None)",
    ),
    replaced("_runs_on_worker_thread", "(resource_type)"),
    replaced(
        "_update_resource",
        "(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None)",
    ),
)
cloudfront = Module(
    "ministack.services.cloudfront",
    replaced("_add_cloudfront_headers", "(headers, x_cache, request_id=None, edge_server=True)"),
    *stores("_cache_policies _vpc_origins", ACCOUNT_STORE),
    replaced("_create_invalidation", "(dist_id, body)"),
    replaced("_dataplane_behavior", "(behavior_el, path_pattern=None)"),
    replaced("_dataplane_origin", "(origin_el)"),
    replaced("_distributions", ACCOUNT_STORE),
    replaced("_ensure_distribution_config_sdk_compat", "(config_el)"),
    replaced(
        "_fetch_from_origin",
        "async (origin, method, uri, query_string, headers, body, viewer_is_https, client_ip, viewer_xff, dist_arn)",
    ),
    replaced(
        "handle_viewer_request",
        "async (dist, method, path, raw_uri, raw_query_string, headers, body, query_params, client_ip='127.0.0.1')",
    ),
    *stores("_EMPTY_SUMMARY_BLOCKS _MANAGED_CACHE_POLICIES", "dict"),
    replaced("_match_behavior", "(parsed, path)"),
    replaced("_new_distribution_domain", "()"),
    used("_origin_request_headers", "(origin, headers, client_ip, viewer_x_forwarded_for)"),
    *stores("OriginTimeout OriginUnreachable", "class"),
    replaced("parse_distribution_dataplane_config", "(dist)"),
)
cloudwatch = Module(
    "ministack.services.cloudwatch",
    *stores("_alarms _composite_alarms _metrics"),
    used("_calc_stats", "(points)"),
    used("_dims_key", "(dims)"),
    used("_dispatch_alarm_actions", "(alarm, old_state, new_state, reason)"),
    used("_error", "(code, message, status, use_json=False, use_cbor=False)"),
    replaced("_evaluate_alarm", "(alarm)"),
    replaced("_evaluate_all_alarms", "()"),
    used("_evaluate_parent_alarms", "(child, seen=frozenset())"),
    *(replaced(name, "(data)") for name in ("_cbor_ok", "_json_ok")),
    used("_record_history", "(alarm_name, old_state, new_state, reason, alarm_type='MetricAlarm', reason_data=None)"),
    *(
        replaced(name, "(params, cbor_data, is_cbor, is_json=False)")
        for name in ("_describe_alarms", "_put_metric_alarm", "_set_alarm_state")
    ),
    used("_stat_value", "(stats, stat_name, points=None)"),
    used("_store_datum", "(namespace, name, dims, ts, unit, value, values, counts, stat_values)"),
)
codebuild = Module(
    "ministack.services.codebuild",
    used("_build_arn", "(build_id)"),
    used("_build_id", "(project_name)"),
    *stores("_builds _projects"),
    used("_project_arn", "(name)"),
    replaced("_project_shape", "(project)"),
    *actions("_create_project _start_build _stop_build _update_project"),
)
cloudwatch_logs = Module(
    "ministack.services.cloudwatch_logs",
    *stores("_log_groups _metric_filters"),
    *actions("_put_log_events _put_metric_filter"),
)
ec2 = Module(
    "ministack.services.ec2",
    used(
        "_ACTION_MAP",
        "dict",
        "CreateFlowLogs CreateNatGateway DeleteNatGateway DescribeFlowLogs DescribeNatGateways "
        "DescribeNetworkAcls ReleaseAddress ReplaceNetworkAclAssociation",
    ),
    *stores("_addresses _flow_logs _nat_gateways _network_acls _subnets _vpcs"),
    replaced("_aws_pl_id_from_name", "(prefix_name)"),
    used("_error", "(code, message, status)"),
    used("_p", "(params, key, default='')"),
    used("_parse_tag_specs", "(p, resource_type, resource_id)"),
    replaced("_eni_fields_xml", "(eni, tag='item')"),
    replaced("_parse_ip_permissions", "(params, prefix)"),
    replaced("_sg_rule_xml", "(sg_id, rule, is_egress=False)"),
    replaced("_subnet_fields_xml", "(subnet, tag='item')"),
    replaced("_vpce_fields_xml", "(ep, tag='item')"),
    used("_xml", "(status, root_tag, inner)"),
)
ecr = Module(
    "ministack.services.ecr",
    *(replaced(f"handle_{n}request", "async (method, path, headers, body, query_params)") for n in ("registry_", "")),
    *stores("_images _lifecycle_policies _manifest_blobs _repo_policies _repositories"),
    replaced("_repo_shape", "(repo)"),
    replaced("repository_policy_for_arn", "(resource_arn)"),
    *actions(
        "_batch_check_layer_availability _batch_delete_image _batch_get_image _complete_layer_upload "
        "_create_repository _delete_repository _delete_repository_policy _describe_images "
        "_get_authorization_token _get_download_url_for_layer _get_repository_policy "
        "_initiate_layer_upload _list_images _put_image _put_image_tag_mutability _put_lifecycle_policy "
        "_set_repository_policy _upload_layer_part"
    ),
)
ecs = Module(
    "ministack.services.ecs",
    used(
        "_ACTION_MAP",
        "dict",
        "CreateService DeleteCluster DeleteService DescribeServiceDeployments DescribeServiceRevisions "
        "DescribeServices DescribeTasks ListServiceDeployments ListServices ListTasks "
        "RegisterTaskDefinition RunTask StopTask UpdateService",
    ),
    used("_awslogs_config", "(cdef, task_id, container_id)"),
    *stores("_bump_task_version _task_ip", "(task)"),
    *stores("_clusters _services _task_defs _tasks"),
    replaced("_dispatch_action", "(action, data)"),
    used("_emit_awslogs_event", "(config, message)"),
    used("_ensure_awslogs_stream", "(config)"),
    *(replaced(name, "()") for name in ("_get_docker", "reset")),
    used("_launch_choice", "(data, cluster)"),
    replaced("_maybe_mark_stopped", "(task, docker_client=None)"),
    replaced("_reconcile_service_tasks", "(cluster_name, svc_key)"),
    used("_record_task_ip", "(task, container, ecs_network)"),
    used("_recount_cluster", "(cluster_name)"),
    replaced("_refresh_service_state", "(cluster_name, group)"),
    used("_register_metadata", "(task_arn, cluster_arn, td, cdef, launch_type, env, host_mode, ministack_net_ip)"),
    *stores("_resolve_cluster_name _resolve_service_ref _resolve_td_key", "(ref)"),
    used("_resolve_container_secrets", "(cdef)"),
    used("_resolve_task", "(ref, cluster_name='default')"),
    replaced("_run_task_worker", "(task, td, container_overrides, docker_client, account_id, region)"),
    used("_sanitize", "(obj)"),
    used("_SecretResolutionError", "class"),
    replaced("_sync_service_targets", "(cluster_name, svc)"),
    used("_tags", ACCOUNT_STORE),
    *actions("_create_service _delete_cluster _delete_service _update_service"),
    *actions("_describe_services _describe_tasks _list_services _list_tasks", used),
    *actions("_register_task_definition _run_task", used),
    *(used(f"_mark_task_{status}", "(task_arn, task)") for status in ("activating", "pending", "running")),
    keys="_deploymentId _deployment_id _docker_ids _ecs_resetting _metadata_tokens _subnet",
)
iam = Module(
    "ministack.services.iam",
    used("_boundary_policy_error", "(arn)"),
    used("_error", "(status, code, message, ns='iam')"),
    used("_IAM_HANDLERS", "dict"),
    *stores("_oidc_providers _roles _users", ACCOUNT_STORE),
    used("_p", "(params, key, default='')"),
    used("_xml", "(status, root_tag, inner, ns='iam')"),
)
rds = Module(
    "ministack.services.rds",
    used(
        "_ACTION_MAP",
        "dict",
        "CreateDBInstance CreateDBSnapshot DeleteDBInstance DeleteDBSnapshot ModifyDBInstance ModifyDBParameterGroup "
        "ResetDBParameterGroup RestoreDBInstanceFromDBSnapshot",
    ),
    used("_create_snapshot_internal", "(snap_id, instance)"),
    *stores("_default_engine_version _is_postgres_engine", "(engine)"),
    replaced("_delete_db_instance_impl", "(p)"),
    replaced("_docker_image_for_engine", "(engine, engine_version, user, password, db_name)"),
    used("_error", "(code, message, status)"),
    *stores("_events _instances _param_groups _snapshots _subnet_groups"),
    used("_get_docker", "()"),
    replaced("_instance_xml", "(i)"),
    used("_p", "(params, key, default='')"),
    used("_parse_member_list", "(params, prefix)"),
    used("_parse_tags", "(params)"),
    replaced("RDS_PERSIST", "bool"),
    replaced("_record_reboot_event", "(instance)"),
    used("_rds_docker_volume_name", "(db_id, account_id=None, region=None)"),
    used("_resolve_instance", "(db_id)"),
    replaced("_rotate_instance_password", "(instance, old_pass, new_pass)"),
    used("_single_instance_response", "(root_tag, result_tag, instance)"),
    used("_snapshot_xml", "(s)"),
    used("_tags", ACCOUNT_STORE),
    replaced("_try_database_connect", "(host, port, engine, user, password, db_name)"),
    used("_xml", "(status, root_tag, inner)"),
    keys="_MasterUserPassword _docker_container_id _docker_volume_name _internal_address _internal_port",
)
s3 = Module(
    "ministack.services.s3",
    replaced("_apply_bucket_scope", "(method, bucket, key, headers, query_params, body=b'', internal=False)"),
    replaced("_bucket_default_sse_headers", "(bucket_name)"),
    used("_bucket_policies", ACCOUNT_STORE),
    *(used(name, "(name)") for name in ("_bucket_owner_account", "_ensure_bucket")),
    used("_error", "(code, message, status, resource='', extra=None, headers=None)"),
    used("_foreign_bucket_allows", "(owner_account, bucket_name, key, method, query_params, caller, headers=None)"),
    used("_NEW_BUCKET_PUBLIC_ACCESS_BLOCK", "str"),
    replaced("_list_objects_v2", "(bucket_name, query_params)"),
    replaced("_new_bucket_public_access_block", "()"),
    used("_request_access_key", "(method, key, headers, query_params, body)"),
    keys="_public_access_block",
)
secretsmanager = Module(
    "ministack.services.secretsmanager",
    replaced("_put_secret_value", "(data)"),
    used("_remove_stage_everywhere", "(secret, stage, except_version_id=None)"),
    used("_resolve", "(secret_id, *, use_arn_scope=False)"),
    used("_secrets", STORE),
)
tags = Module("ministack.services.tagging", used("_collect_cloudfront", "()"), used("_RESOURCE_TAG_COLLECTORS", "dict"))
sts = Module(
    "ministack.services.sts",
    used("_error", "(status, code, message, ns='iam')"),
    used("_p", "(params, key, default='')"),
    used("register_session", "(access_key, session)"),
    replaced("_web_identity_trust_denied", "(role_arn, params, use_json)"),
)
appsync, appsync_graphql, dynamodb, ecs_metadata, eventbridge, kms, lambdas, waf = ministack_smaller.MODULES
MODULES: Final[tuple[Module, ...]] = tuple(thing for thing in tuple(globals().values()) if isinstance(thing, Module))
