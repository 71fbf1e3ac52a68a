/* The canonical form of a state: two that differ only in how things are numbered, or in the order
 * in which mounts and names were made, are the same. It is what is reached from the actors, in an
 * order that depends on nothing else, and is given as a hash. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum kind { K_NODE, K_FS, K_MOUNT, K_GROUP, K_NS, K_USER, K_WHERE, K_FILE, K_CONTEXT, KINDS };

struct item {
    uint8_t kind;
    uint32_t index;
};

struct canon {
    const struct nst_model *model;
    uint32_t *id[KINDS]; /* of each thing, in order of appearance from 1 on; 0: not yet */
    uint32_t met[KINDS];
    struct item *queue; /* what was met; each thing once */
    uint32_t len;
    uint64_t hash[2];
};

static uint64_t mix(uint64_t hash, uint64_t word, uint64_t factor)
{
    hash = (hash ^ word) * factor;
    return hash ^ hash >> 29;
}

static void add(struct canon *c, uint64_t word)
{
    c->hash[0] = mix(c->hash[0], word, 0x9fb21c651e98df25u);
    c->hash[1] = mix(c->hash[1], word + 0x2545f4914f6cdd1du, 0xd6e8feb86659fd93u);
}

static uint64_t text_hash(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = mix(hash, (unsigned char)*text, 0x9fb21c651e98df25u);
    return hash;
}

static void add_text(struct canon *c, uint32_t text)
{
    add(c, text_hash(1, c->model->text.at + text));
}

/* Adds which thing it is, and sees to it that what it is will be added. */
static void refer(struct canon *c, enum kind kind, uint32_t index)
{
    if (index && !c->id[kind][index]) {
        c->id[kind][index] = ++c->met[kind];
        c->queue[c->len++] = (struct item){(uint8_t)kind, index};
    }
    add(c, index ? c->id[kind][index] : 0);
}

static void refer_place(struct canon *c, struct place place)
{
    refer(c, K_MOUNT, place.mount);
    refer(c, K_NODE, place.node);
}

static void add_node(struct canon *c, uint32_t index)
{
    const struct node *node = &c->model->node.at[index];

    add(c, (uint64_t)node->kind << 8 | node->gone);
    refer(c, K_FS, node->fs);
    if (node->kind == NODE_NAMESPACE) {
        add(c, node->type);
        if (node->type != NS_OTHER)
            refer(c, node->type == NS_MOUNT ? K_NS : K_USER, node->target);
        return;
    }
    add_text(c, node->name);
    if (node->kind == NODE_LINK)
        add_text(c, node->target);
    refer(c, K_NODE, node->parent == index ? 0 : node->parent);
}

/* From the path, whatever is numbered how. */
static uint64_t path_hash(const struct nst_model *model, uint32_t node)
{
    uint64_t hash = 7;

    for (; node != model->node.at[node].parent; node = model->node.at[node].parent)
        hash = mix(text_hash(hash, model->text.at + model->node.at[node].name), '/',
                   0xd6e8feb86659fd93u);
    return hash;
}

/* The names below NODE, in whatever order they were made. */
static uint64_t tree_hash(const struct nst_model *model, uint32_t node, uint64_t above)
{
    uint64_t sum = 0;

    for (uint32_t i = model->node.at[node].child; i; i = model->node.at[i].next) {
        uint64_t own = text_hash(mix(above, model->node.at[i].kind, 0x9fb21c651e98df25u),
                                 model->text.at + model->node.at[i].name);

        if (model->node.at[i].kind == NODE_LINK)
            own = text_hash(own, model->text.at + model->node.at[i].target);
        sum += own + tree_hash(model, i, own);
    }
    return sum;
}

static void add_fs(struct canon *c, uint32_t index)
{
    const struct fs *fs = &c->model->fs.at[index];

    add(c, fs->type);
    add(c, (uint64_t)fs->flags << 1 | fs->readonly);
    refer(c, K_USER, fs->user);
    if (fs->type != FS_NSFS) /* whose files are what was met of them */
        add(c, tree_hash(c->model, fs->root, 3));
}

/* In the order of their places; what stands at the same one, the oldest first. */
static void add_children(struct canon *c, uint32_t mount)
{
    const struct nst_model *model = c->model;
    uint32_t last_index = 0;
    uint64_t last = 0, next;

    for (;;) {
        uint32_t found = 0;

        next = UINT64_MAX;
        for (uint32_t i = model->mount.at[mount].child; i; i = model->mount.at[i].next) {
            uint64_t hash = path_hash(model, model->mount.at[i].at) >> 1;

            if (hash < next && (hash > last || !last_index)) {
                next = hash;
                found = i;
            }
        }
        if (!found)
            return;
        for (uint32_t i = found; i; i = model->mount.at[i].next)
            if (path_hash(model, model->mount.at[i].at) >> 1 == next)
                refer(c, K_MOUNT, i);
        last = next;
        last_index = found;
    }
}

static void add_mount(struct canon *c, uint32_t index)
{
    const struct mount *mount = &c->model->mount.at[index];

    refer_place(c, (struct place){mount->parent, mount->parent ? mount->at : 0});
    refer(c, K_NODE, mount->root);
    refer(c, K_NS, mount->ns);
    refer(c, K_USER, mount->idmap);
    add(c, (uint64_t)mount->attr << 32 | mount->lock);
    add(c, (uint64_t)mount->unbindable << 2 | (uint64_t)mount->locked << 1 | mount->expiring);
    add_text(c, mount->source);
    refer(c, K_GROUP, mount->group);
    refer(c, K_GROUP, mount->master);
    add_children(c, index);
}

static void add_context(struct canon *c, const struct context *context)
{
    add(c, (uint64_t)context->type << 16 | (uint64_t)context->phase << 8 | context->has_source);
    add(c, (uint64_t)context->flags << 32 | context->mask);
    if (context->has_source)
        add_text(c, context->source);
    refer(c, K_USER, context->user);
    refer(c, K_FS, context->fs);
}

static void add_item(struct canon *c, struct item item)
{
    const struct nst_model *model = c->model;
    const struct file *file = &model->file.at[item.kind == K_FILE ? item.index : 0];
    const struct ns *ns = &model->ns.at[item.kind == K_NS ? item.index : 0];

    switch ((enum kind)item.kind) {
    case K_NODE:
        add_node(c, item.index);
        break;
    case K_FS:
        add_fs(c, item.index);
        break;
    case K_MOUNT:
        add_mount(c, item.index);
        break;
    case K_GROUP:
        refer(c, K_GROUP, model->group.at[item.index].master);
        break;
    case K_NS:
        add(c, (uint64_t)ns->anonymous << 1 | ns->dead);
        refer(c, K_USER, ns->user);
        refer(c, K_NS, ns->origin);
        if (!ns->dead)
            refer(c, K_MOUNT, ns->root);
        break;
    case K_USER:
        refer(c, K_USER, model->user.at[item.index].parent);
        break;
    case K_WHERE:
        refer_place(c, model->where.at[item.index].root);
        refer_place(c, model->where.at[item.index].cwd);
        break;
    case K_FILE:
        add(c, (uint64_t)file->kind << 3 | (uint64_t)file->path_only << 2 |
                   (uint64_t)file->writes << 1 | file->dissolves);
        if (file->kind == FILE_PLACE)
            refer_place(c, file->at);
        else
            refer(c, K_CONTEXT, file->context);
        break;
    case K_CONTEXT:
        add_context(c, &model->context.at[item.index]);
        break;
    case KINDS:
        break;
    }
}

static void add_actor(struct canon *c, const struct actor *actor)
{
    add(c, (uint64_t)actor->name << 2 | (uint64_t)actor->alive << 1 | actor->begins);
    if (!actor->alive)
        return;
    add(c, actor->pid_ns);
    refer(c, K_USER, actor->user);
    refer(c, K_NS, actor->ns);
    refer(c, K_WHERE, actor->where);
    for (int64_t last = -1, next; last < INT64_MAX; last = next) { /* by their names */
        uint32_t file = 0;

        next = INT64_MAX;
        for (uint32_t i = 0; i < actor->fds; i++)
            if (actor->fd[i].text > last && actor->fd[i].text < next) {
                next = actor->fd[i].text;
                file = actor->fd[i].file;
            }
        add(c, (uint64_t)next);
        refer(c, K_FILE, file);
    }
}

int nst_model_hash(const struct nst_model *model, uint64_t ret_hash[2])
{
    const uint32_t lens[KINDS] = {model->node.len,  model->fs.len,   model->mount.len,
                                  model->group.len, model->ns.len,   model->user.len,
                                  model->where.len, model->file.len, model->context.len};
    struct canon c = {.model = model, .hash = {1, 2}};
    uint32_t all = 0, *ids;

    for (size_t i = 0; i < KINDS; i++)
        all += lens[i];
    ids = calloc(all, sizeof *ids);
    c.queue = malloc(all * sizeof *c.queue);
    for (uint32_t i = 0, at = 0; ids && i < KINDS; at += lens[i++])
        c.id[i] = ids + at;
    if (ids && c.queue) {
        for (uint32_t i = 0; i < model->actor.len; i++)
            add_actor(&c, &model->actor.at[i]);
        for (uint32_t i = 0; i < c.len; i++)
            add_item(&c, c.queue[i]);
        /* which is older, of namespaces: their files are mounted only in older ones */
        for (uint32_t i = 1; i < model->ns.len; i++)
            if (c.id[K_NS][i])
                add(&c, c.id[K_NS][i]);
        memcpy(ret_hash, c.hash, sizeof c.hash);
    }
    free(ids);
    free(c.queue);
    return ids && c.queue ? 0 : -ENOMEM;
}
