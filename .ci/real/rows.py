"""All objects that a blueprint can reach, and who may do what, as JSON: sorted, with
names for references, and without what changes by itself. For authentik's own shell:
what two servers print can be compared."""
import json, re
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, OneToOneField
from authentik.blueprints.v1.importer import excluded_models
from authentik.lib.models import SerializerModel
PASSING = {"last_updated", "last_applied", "last_applied_hash", "created", "created_at", "last_login", "date_joined", "expires", "password_change_date", "date_added", "uuid", "last_seen"}
def name(o):
    if o is None: return None
    o = getattr(type(o).objects, "select_subclasses", lambda: type(o).objects)().filter(pk=o.pk).first() or o
    for field in ("managed", "slug", "identifier", "username", "domain", "name", "codename"):
        value = getattr(o, field, None)
        if isinstance(value, str) and value: return f"{o._meta.label_lower}:{value}"
    if hasattr(o, "stage_id") and hasattr(o, "target_id"): return f"{o._meta.label_lower}:{name(o.target)}/{name(o.stage)}/{o.order}"
    if hasattr(o, "policy_id") and hasattr(o, "target_id"): return f"{o._meta.label_lower}:{name(o.target)}/{name(o.policy)}/{name(o.group)}/{o.order}"
    return f"{o._meta.label_lower}:?"
def plain(value):
    """A value as JSON has it, without what no two servers have alike."""
    text = json.dumps(value, default=str)
    text = re.sub(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"ak-managed-role--user-\d+", "ak-managed-role--user-PK", text)
    text = re.sub(r'(?<=": ")[A-Za-z0-9]{40,128}(?=")', "RANDOM", text)  # keys and secrets that the server makes
    text = re.sub(r'"(certificate_data|key_data|password|cookie_secret|kid|cert_expiry|fingerprint_sha1|fingerprint_sha256)": "[^"]+"', r'"\1": "SOME"', text)
    return json.loads(text)
SKIPPED = {"authentik_tasks.task", "authentik_events.event", "authentik_events.notification", "authentik_tasks_schedules.schedule"}
rows = {}
for model in apps.get_models():
    if model in excluded_models() or not issubclass(model, SerializerModel) or model._meta.abstract or model._meta.label_lower in SKIPPED: continue
    found = []
    for o in model.objects.all():
        if type(o) is not model: continue
        row = {}
        for field in model._meta.get_fields():
            if not getattr(field, "concrete", False) or field.primary_key or field.name.endswith("_ptr") or field.name in PASSING: continue
            if isinstance(field, ManyToManyField): row[field.name] = sorted(str(name(x)) for x in getattr(o, field.name).all())
            elif isinstance(field, (ForeignKey, OneToOneField)): row[field.name] = name(getattr(o, field.name, None))
            else: row[field.name] = getattr(o, field.attname)
        found.append(plain((str(name(o)), row)))
    if found: rows[model._meta.label_lower] = sorted(found, key=json.dumps)
# Who may do what: global permissions of roles and users, and those to single objects.
def permission(p): return f"{p.content_type.app_label}.{p.codename}"
rights = []
Role, User = apps.get_model("authentik_rbac.role"), apps.get_model("authentik_core.user")
for role in Role.objects.all():
    held = list(role.group.permissions.all()) if getattr(role, "group", None) else []
    try: held += [x.permission for x in apps.get_model("guardian.rolemodelpermission").objects.filter(role=role)]
    except LookupError: pass  # until 2025.10
    rights.append((str(name(role)), sorted(permission(p) for p in held)))
for user in User.objects.all():
    if getattr(user, "user_permissions", None) is not None and user.user_permissions.exists(): rights.append((str(name(user)), sorted(permission(p) for p in user.user_permissions.all())))
for label in ("guardian.roleobjectpermission", "guardian.groupobjectpermission", "guardian.userobjectpermission"):
    try: table = apps.get_model(label)
    except LookupError: continue
    for x in table.objects.all():
        holder = getattr(x, "role", None) or getattr(x, "group", None) or x.user
        rights.append((str(holder), permission(x.permission), str(name(x.content_object)) if x.content_object else "gone"))
rows["rights"] = sorted(plain(rights), key=json.dumps)
print("\n[ROWS]")
print(json.dumps(rows, indent=1, sort_keys=True))
