"""Reads the system catalogue of a migrated database and reports what breaks the rules of tenancy."""

from typing import Any, Final

TABLES_WITHOUT_TENANT: Final = frozenset({"instance", "schema_migration", "sign_in_try"})
ROUTER_FUNCTIONS: Final = frozenset(
    {
        "route_account(text)",
        "route_accounts()",
        "route_api_key(uuid)",
        "route_connection(uuid)",
        "route_due_alarms(integer, interval)",
        "route_due_catalogue_asks(integer, interval)",
        "route_due_deliveries(integer, interval)",
        "route_due_effects(integer, interval)",
        "route_due_escalations(integer, interval, jsonb)",
        "route_due_exchanges(integer, interval)",
        "route_due_card_holds(integer, interval)",
        "route_due_inbox(integer, interval)",
        "route_due_labels(integer, interval)",
        "route_due_mail(integer, interval)",
        "route_due_notices(integer, interval)",
        "route_due_pictures(integer, interval)",
        "route_due_privacy(integer, interval)",
        "route_due_reports(integer, interval)",
        "route_due_retention(integer, interval)",
        "route_due_rmas(integer, interval)",
        "route_due_settlements(integer, interval)",
        "route_due_simulations(integer, interval)",
        "route_due_syncs(integer, interval)",
        "route_due_visits(integer, interval)",
        "route_due_withdrawal_waits(integer, interval, jsonb)",
        "route_due_withdrawals(integer, interval)",
        "route_expired_keys(integer, interval)",
        "route_expired_simulations(integer, interval)",
        "route_expired_visits(integer, interval)",
        "route_isv_accounts(uuid, uuid, integer)",
        "route_isvs()",
        "route_login(text)",
        "route_password_link(bytea)",
        "route_picture(uuid)",
        "route_portal(text)",
        "route_session(bytea)",
    }
)
# An address on the web is one merchant's in the whole installation.
KEYS_WITHOUT_TENANT: Final = frozenset({"look_by_handle"})
ID_TYPES: Final = frozenset({"uuid", "text"})
ID_NAMES: Final = ("id", "_id", "_key", "_ids")

TENANT_COLUMN: Final = "tenant_id"

TABLES = """
SELECT c.oid, c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, r.rolname AS owner,
       a.attnotnull AS tenant_not_null, format_type(a.atttypid, NULL) AS tenant_type
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
VIEWS = """
SELECT c.relname AS name, c.relkind = 'm' OR NOT coalesce('security_invoker=true' = ANY (c.reloptions), false) AS open
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('v', 'm')
"""
POLICIES = """
SELECT p.polrelid AS table_oid, p.polname AS name, p.polcmd = '*' AS every_command, p.polpermissive AS permissive,
       p.polqual IS NOT NULL AS has_using, p.polwithcheck IS NOT NULL AS has_check,
       pg_get_expr(p.polqual, p.polrelid) AS using_text, pg_get_expr(p.polwithcheck, p.polrelid) AS check_text,
       ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (p.polroles)) AS roles
  FROM pg_policy p
"""
UNIQUE_INDEXES = """
SELECT i.indrelid AS table_oid, c.relname AS name, a.attname AS first_column
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 WHERE i.indisunique OR i.indisexclusion
"""
PRIMARY_KEYS = "SELECT conrelid AS table_oid FROM pg_constraint WHERE contype = 'p'"
FOREIGN_KEYS = """
SELECT k.conname AS name, k.conrelid AS table_oid, k.confrelid AS target_oid,
       EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair(here, there)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.here
                 JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.there
                WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id') AS carries_tenant
  FROM pg_constraint k WHERE k.contype = 'f'
"""
DEFINER_FUNCTIONS = """
SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS signature,
       p.proname || '(' || array_to_string(ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), ', ') || ')'
         AS types, r.rolname AS owner, format_type(p.prorettype, NULL) AS returns,
       coalesce(p.proconfig::text LIKE '%search_path=%', false) AS has_path,
       ARRAY(SELECT name || ' ' || format_type(kind, NULL)
               FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) AS c(name, kind, mode)
              WHERE mode IN ('o', 'b', 't')) AS columns
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
 WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
WORKING_ROLES = """
SELECT r.rolname AS name, r.rolsuper AS is_superuser, r.rolbypassrls AS bypasses,
       ARRAY(SELECT m.rolname::text FROM pg_auth_members g JOIN pg_roles m ON m.oid = g.roleid
              WHERE g.member = r.oid) AS member_of,
       ARRAY(SELECT o.kind || ' ' || o.name FROM (
         SELECT 'relation' AS kind, relname::text AS name, relowner AS owner FROM pg_class
         UNION ALL SELECT 'function', proname, proowner FROM pg_proc
         UNION ALL SELECT 'type', typname, typowner FROM pg_type
         UNION ALL SELECT 'schema', nspname, nspowner FROM pg_namespace
         UNION ALL SELECT 'database', datname, datdba FROM pg_database) o WHERE o.owner = r.oid) AS owns
  FROM pg_roles r WHERE r.rolname IN ('retour_app', 'retour_executor', 'retour_router', 'retour_owner')
"""
TENANT_TEST = "(tenant_id = current_tenant())"


async def violations(
    connection: Any,
    *,
    without_tenant: frozenset[str] = TABLES_WITHOUT_TENANT,
    router_functions: frozenset[str] = ROUTER_FUNCTIONS,
) -> list[str]:
    """Return one sentence for each break of a rule, sorted; an empty list means the catalogue is in order."""
    tables = {row["oid"]: row for row in await connection.fetch(TABLES)}
    found = [
        *_tables(tables, without_tenant),
        *[
            f"view {row['name']} does not run with its reader's rights"
            for row in await connection.fetch(VIEWS)
            if row["open"]
        ],
        *_policies(tables, await connection.fetch(POLICIES)),
        *_keys(tables, await connection.fetch(UNIQUE_INDEXES), await connection.fetch(PRIMARY_KEYS)),
        *_foreign_keys(tables, await connection.fetch(FOREIGN_KEYS)),
        *_functions(await connection.fetch(DEFINER_FUNCTIONS), router_functions),
        *_roles(await connection.fetch(WORKING_ROLES)),
    ]
    return sorted(found)


def _tables(tables: dict[int, Any], without_tenant: frozenset[str]) -> list[str]:
    found = []
    for table in tables.values():
        name = table["name"]
        if table["owner"] != "retour_owner":
            found.append(f"table {name} is owned by {table['owner']}")
        if table["tenant_type"] is None:
            if name not in without_tenant:
                found.append(f"table {name} has no tenant_id and is not on the list")
            continue
        if name in without_tenant:
            found.append(f"table {name} is on the list of tables without tenant but has tenant_id")
        if table["tenant_type"] != "uuid" or not table["tenant_not_null"]:
            found.append(f"table {name}: tenant_id is not uuid NOT NULL")
        if not (table["enabled"] and table["forced"]):
            found.append(f"table {name}: row security is not enabled and forced")
    names = {table["name"] for table in tables.values()}
    return found + [f"table {name} is on the list but does not exist" for name in without_tenant - names]


def _policies(tables: dict[int, Any], policies: list[Any]) -> list[str]:
    """Everybody's only policy is the tenant's; the router may read more, nobody else."""
    found = []
    for oid, table in tables.items():
        if table["tenant_type"] is None:
            continue
        own = [p for p in policies if p["table_oid"] == oid]
        good = [p for p in own if p["every_command"] and p["using_text"] == p["check_text"] == TENANT_TEST]
        if not good:
            found.append(f"table {table['name']}: no policy for all commands with USING and WITH CHECK of its tenant")
        for policy in own:
            if policy in good or not policy["permissive"]:
                continue
            if policy["roles"] != ["retour_router"]:
                found.append(
                    f"table {table['name']}: policy {policy['name']} opens it to {policy['roles'] or 'everybody'}"
                )
    return found


def _keys(tables: dict[int, Any], indexes: list[Any], primary_keys: list[Any]) -> list[str]:
    with_key = {row["table_oid"] for row in primary_keys}
    found = [f"table {table['name']} has no primary key" for oid, table in tables.items() if oid not in with_key]
    for index in indexes:
        table = tables.get(index["table_oid"])
        if table and table["tenant_type"] is not None and index["first_column"] != TENANT_COLUMN:
            if index["name"] in KEYS_WITHOUT_TENANT:
                continue
            found.append(f"index {index['name']} of {table['name']} does not begin with tenant_id")
    return found


def _foreign_keys(tables: dict[int, Any], keys: list[Any]) -> list[str]:
    return [
        f"foreign key {key['name']} of {tables[key['table_oid']]['name']} does not carry tenant_id"
        for key in keys
        if key["table_oid"] in tables
        and key["target_oid"] in tables
        and tables[key["target_oid"]]["tenant_type"] is not None
        and not key["carries_tenant"]
    ]


def _functions(functions: list[Any], allowed: frozenset[str]) -> list[str]:
    found = []
    for function in functions:
        name = function["types"]
        if name not in allowed:
            found.append(f"function {name} is SECURITY DEFINER and not on the list")
        if function["owner"] != "retour_router":
            found.append(f"function {name} is SECURITY DEFINER and owned by {function['owner']}")
        if not function["has_path"]:
            found.append(f"function {name} is SECURITY DEFINER without a search_path of its own")
        columns = function["columns"] or [f"id {function['returns']}"]
        for column in columns:
            label, _, kind = column.partition(" ")
            if kind not in ID_TYPES or not label.endswith(ID_NAMES):
                found.append(f"function {name} returns more than ids: {column}")
    return found + [
        f"function {name} is on the list but does not exist" for name in allowed - {f["types"] for f in functions}
    ]


def _roles(roles: list[Any]) -> list[str]:
    found = []
    for role in roles:
        name = role["name"]
        if role["is_superuser"] or role["bypasses"]:
            found.append(f"role {name} is not bound by row security")
        if name in {"retour_app", "retour_executor"}:
            found += [f"role {name} owns {thing}" for thing in role["owns"]]
            found += [f"role {name} is a member of {other}" for other in role["member_of"]]
    return found
