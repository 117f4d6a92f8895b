# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The part of `sandbox.ministack` with the modules of which little is used. Nothing but that imports it."""

from typing import Final

from sandbox.seam import STORE, Module, replaced, stores, used

appsync = Module(
    "ministack.services.appsync",
    *stores("_apis _resolvers _schemas"),
    used("_AppSyncResolverError", "class"),
    replaced(
        "_execute_with_schema", "(api_id, sdl, query, variables, operation_name, request_headers, authorize=None)"
    ),
    used("handle_request", "async (method, path, headers, body, query_params)"),
    used("_json", "(status, body)"),
    replaced("_request_is_authenticated", "(api_id, api, request_headers)"),
    replaced(
        "_resolve_field",
        "(api_id, resolver, args, sub_fields, variables, field_name=None, identity=None, request_headers=None, "
        "source=None, appended_errors=None, type_name=None)",
    ),
)
appsync_graphql = Module(
    "ministack.core.appsync_graphql", used("build_api_schema", "(api_id, sdl)"), used("SchemaUnavailable", "class")
)
dynamodb = Module(
    "ministack.services.dynamodb", *stores("_pitr_settings _tables"), replaced("_table_description", "(name)")
)
ecs_metadata = Module(
    "ministack.services.ecs_metadata",
    used("set_task_status", "(task_arn, known_status=None, desired_status=None)"),
    used("unregister_token", "(token)"),
)
eventbridge = Module(
    "ministack.services.eventbridge",
    used("_apply_input_transformer", "(transformer, rule, view)"),
    used("_cron_next_fire", "(fields, after_dt)"),
    replaced("_invoke_target", "(target, event, rule, view=None)"),
    used("_parse_cron_fields", "(expr)"),
    used("_pattern_event_view", "(event)"),
    used("_put_events", "(data, allow_aws_source=False)"),
)
kms = Module("ministack.services.kms", used("_keys", STORE))
lambdas = Module("ministack.services.lambda_svc", replaced("_execution_record_for_config", "(func, config)"))
waf = Module(
    "ministack.services.waf", *stores("_associations _ip_sets"), used("_resolve_local_web_acl", "(web_acl_arn)")
)
MODULES: Final = (appsync, appsync_graphql, dynamodb, ecs_metadata, eventbridge, kms, lambdas, waf)
