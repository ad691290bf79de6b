/* one_product.yaml, written by hand for this one model: an event heap and a record per order.
 *
 * Two classes of customers with priorities and patience, one product, (s, S), lead times that may
 * cross.  Prints orders, the share shipped at once, the share that left, the mean stock on hand,
 * and the seconds of processor time that it took.
 *
 *     cc -O2 -o by_hand by_hand.c -lm && ./by_hand DAYS SEED
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ORDER, ARRIVAL, LEAVE };
enum { WAITING = 1, SHIPPED, CANCELLED };

typedef struct {
    double time, tolerance, closed;
    int customer, status, filled;
} Order;

typedef struct {
    double time;
    int64_t rank, subject;
} Event;

typedef struct {
    int64_t key, order;
} Waiting;

static const double RATE[2] = {4, 6}, PATIENCE[2] = {3, 6};
static const double WARM_UP = 1000, LEAD_TIME = 6;
static const int64_t REORDER = 60, UP_TO = 120;

static uint64_t state[4];

static uint64_t rotated(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

/* xoshiro256++: Blackman and Vigna, ACM Transactions on Mathematical Software 47 (2021) 36. */
static double uniform(void) {
    uint64_t result = rotated(state[0] + state[3], 23) + state[0], t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotated(state[3], 45);
    return ((result >> 11) + 0.5) / 9007199254740992.0;
}

static double exponential(double mean) { return -mean * log(uniform()); }

/* A gamma distribution with coefficient of variation 1/2 is a sum of four exponentials. */
static double gamma_of_four(double mean) {
    return -mean / 4 * log(uniform() * uniform() * uniform() * uniform());
}

static Event *events;
static int64_t pending, room, sequence;

static int before(Event a, Event b) {
    return a.time < b.time || (a.time == b.time && a.rank < b.rank);
}

static void schedule(double when, int kind, int64_t subject) {
    if (pending + 1 >= room) events = realloc(events, (room = 2 * room + 1024) * sizeof(Event));
    Event event = {when, ((int64_t)kind << 56) + ++sequence, subject};
    int64_t at = ++pending;
    for (; at > 1 && before(event, events[at >> 1]); at >>= 1) events[at] = events[at >> 1];
    events[at] = event;
}

static Event next_event(void) {
    Event first = events[1], last = events[pending--];
    int64_t at = 1, below;
    while ((below = 2 * at) <= pending) {
        if (below < pending && before(events[below + 1], events[below])) below++;
        if (!before(events[below], last)) break;
        events[at] = events[below];
        at = below;
    }
    events[at] = last;
    return first;
}

static Waiting *queue;
static int64_t queued, queue_room;

static void enqueue(int64_t key, int64_t order) {
    if (queued + 1 >= queue_room)
        queue = realloc(queue, (queue_room = 2 * queue_room + 1024) * sizeof(Waiting));
    int64_t at = ++queued;
    for (; at > 1 && key < queue[at >> 1].key; at >>= 1) queue[at] = queue[at >> 1];
    queue[at] = (Waiting){key, order};
}

static int64_t dequeue(void) {
    int64_t first = queue[1].order, at = 1, below;
    Waiting last = queue[queued--];
    while ((below = 2 * at) <= queued) {
        if (below < queued && queue[below + 1].key < queue[below].key) below++;
        if (queue[below].key >= last.key) break;
        queue[at] = queue[below];
        at = below;
    }
    queue[at] = last;
    return first;
}

int main(int count, char **arguments) {
    double horizon = count > 1 ? atof(arguments[1]) : 200000;
    uint64_t seed = count > 2 ? strtoull(arguments[2], 0, 10) : 1;
    for (int i = 0; i < 4; i++) { /* splitmix64 */
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        state[i] = z ^ (z >> 31);
    }
    clock_t start = clock();
    int64_t space = (int64_t)(11 * horizon) + 1000, orders = 0;
    Order *order = malloc(space * sizeof(Order));
    int64_t on_hand = UP_TO, on_order = 0, backlog = 0;
    double since = WARM_UP, held = 0;
    schedule(exponential(1 / RATE[0]), ORDER, 0);
    schedule(exponential(1 / RATE[1]), ORDER, 1);
    while (pending) {
        Event event = next_event();
        double now = event.time;
        if (now >= horizon) break;
        if (now > since) {
            held += on_hand * (now - since);
            since = now;
        }
        int kind = (int)(event.rank >> 56);
        if (kind == ORDER) {
            int customer = (int)event.subject;
            if (orders == space) order = realloc(order, (space *= 2) * sizeof(Order));
            Order *one = order + orders;
            *one = (Order){now, exponential(PATIENCE[customer]), now, customer, SHIPPED, 1};
            if (on_hand > 0) {
                on_hand--;
            } else {
                one->filled = 0;
                one->status = WAITING;
                backlog++;
                enqueue(((int64_t)customer << 56) + orders, orders);
                schedule(now + one->tolerance, LEAVE, orders);
            }
            orders++;
            schedule(now + exponential(1 / RATE[customer]), ORDER, customer);
            int64_t position = on_hand + on_order - backlog;
            if (position <= REORDER) {
                on_order += UP_TO - position;
                schedule(now + gamma_of_four(LEAD_TIME), ARRIVAL, UP_TO - position);
            }
        } else if (kind == ARRIVAL) {
            on_hand += event.subject;
            on_order -= event.subject;
            while (on_hand > 0 && queued) {
                Order *one = order + dequeue();
                if (one->status != WAITING) continue;
                one->status = SHIPPED;
                one->closed = now;
                on_hand--;
                backlog--;
            }
        } else if (order[event.subject].status == WAITING) {
            order[event.subject].status = CANCELLED;
            order[event.subject].closed = now;
            backlog--;
        }
    }
    held += on_hand * (horizon - since);
    int64_t counted = 0, filled = 0, left = 0;
    for (int64_t i = 0; i < orders; i++) {
        if (order[i].time < WARM_UP) continue;
        counted++;
        filled += order[i].filled;
        left += order[i].status == CANCELLED;
    }
    printf("%lld %.6f %.6f %.6f %.6f\n", (long long)orders, (double)filled / counted,
           (double)left / counted, held / (horizon - WARM_UP),
           (double)(clock() - start) / CLOCKS_PER_SEC);
    return 0;
}
