/* fencing: how owners of a shard are kept apart, as a model that spin searches whole.
 *
 * One task, two instances, one partition. An instance that wants the shard appends a claim; the
 * offset of its own claim, read back, is its epoch. What an owner decides goes into the log and
 * counts if its epoch is that of the newest claim before it; what a worker reports counts if its
 * lease is the live one, whoever appended it. An owner tells a worker of a lease, and a worker hears
 * "ok", only once the event was read back and counts.
 *
 * Appends arrive late, out of order between one life of an instance and its next, or never; an
 * instance loses track of what it appended at any moment and claims anew. The rule itself is
 * append(): every reader comes to the same state, so it is worked out once for each offset.
 *
 * Time passes in steps. `t` of an event is the time of its owner since that read its claim back.
 *
 * run.py compiles it as it is, and once for each of the mistakes that are written in as #ifdefs.
 */
#ifndef LOG
#define LOG 5     /* events that the log can take */
#endif
#define WAY 2     /* appends that can be on their way at once */
#define LEASES 2  /* that can be given out */
#define TIME 2    /* steps of time */
#define PERIOD 1  /* of a lease, in such steps */
#define LIVES 2   /* of the first instance; the second has one less */

#ifdef EPOCH_IGNORED
#define EPOCH_FITS(e) true
#else
#define EPOCH_FITS(e) (e.epoch == was.epoch)
#endif
#define BEGAN(s, its_epoch) ((s.live_epoch == its_epoch) -> s.live_t : 0)
#ifdef EXPIRY_AT_THE_OWNERS_WORD
#define TIME_FITS(e) true
#else
#define TIME_FITS(e) (e.t >= BEGAN(was, e.epoch) + PERIOD)
#endif
#ifdef TOKEN_IGNORED
#define LEASE_FITS(e) true
#else
#define LEASE_FITS(e) (e.lease == was.live)
#endif

mtype = { none, claim, allocated, expired, complete };

typedef event {
  mtype type = none;
  byte epoch;  /* of the owner that decided it */
  byte by;     /* the instance that appended it */
  byte life;   /* which life of that instance: only for what is appended, not part of the rule */
  byte lease;
  byte t;
};

/* What a reader makes of a prefix of the log. */
typedef state {
  byte epoch;       /* of the newest claim: its offset + 1; 0: none yet */
  byte live;        /* the live lease; 0: none */
  byte live_epoch;  /* the epoch in which it was allocated */
  byte live_t;
  bool done;
};

/* The log, whether each event counts, and the state after each prefix. */
event log[LOG];
bool counts[LOG];
state after[LOG + 1];
byte end;

event way[WAY];
hidden byte slot;

/* What is true though nobody in the model can see it, for the assertions. */
byte now;
byte leases;
byte decided_at[LEASES + 1];
byte claim_read_at;           /* of the newest claim, by who appended it */
bool claim_was_read;
bool told[LEASES + 1];
bool is_in_log[LEASES + 1];   /* its allocation counts */
bool said_ok[LEASES + 1];
bool completed[LEASES + 1];

typedef instance {
  byte at;       /* has read the log up to here */
  byte life;
  bool claiming;
  byte epoch;    /* of its own claim; 0: it is not the owner as far as it knows */
  byte base;     /* when it read that back */
  bool waits;    /* for an event of its own to be read back */
};
instance all[2];

#define was after[end]
#define is after[end + 1]

inline append(e) {
  log[end].type = e.type;
  log[end].epoch = e.epoch;
  log[end].by = e.by;
  log[end].life = e.life;
  log[end].lease = e.lease;
  log[end].t = e.t;
  is.epoch = was.epoch;
  is.live = was.live;
  is.live_epoch = was.live_epoch;
  is.live_t = was.live_t;
  is.done = was.done;
  if
  :: e.type == claim ->
#ifdef EPOCH_OF_THE_INSTANCE
    is.epoch = e.by + 1;
#else
    is.epoch = end + 1;
#endif
    claim_was_read = false;
    claim_read_at = 0;
    counts[end] = true
  :: e.type == allocated && EPOCH_FITS(e) && was.live == 0 && !was.done ->
    is.live = e.lease;
    is.live_epoch = e.epoch;
    is.live_t = e.t;
    is_in_log[e.lease] = true;
    counts[end] = true
  :: e.type == expired && EPOCH_FITS(e) && was.live != 0 && e.lease == was.live && TIME_FITS(e) ->
    /* No lease ends before its time, and a new owner gives each a whole period. */
    assert(now >= decided_at[was.live] + PERIOD);
    assert(claim_was_read && now >= claim_read_at + PERIOD);
    is.live = 0;
    counts[end] = true
  :: e.type == complete && was.live != 0 && LEASE_FITS(e) ->
    /* Completed once, by who holds the task. */
    assert(e.lease == was.live);
    assert(!was.done);
    is.done = true;
    is.live = 0;
    completed[e.lease] = true;
    counts[end] = true
  :: else -> skip
  fi;
  end++;
  if
  :: end == LOG -> clear(way[0]); clear(way[1])
  :: else -> skip
  fi
}

/* Puts an event on its way, if there is room. */
inline send(what, its_epoch, who, its_life, its_lease, its_t) {
  if
  :: way[0].type == none -> slot = 0
  :: else -> slot = 1
  fi;
  way[slot].type = what;
  way[slot].epoch = its_epoch;
  way[slot].by = who;
  way[slot].life = its_life;
  way[slot].lease = its_lease;
  way[slot].t = its_t
}

/* What nobody can look at any more is cleared, so that it does not tell states apart. */
inline clear(e) {
  e.type = none;
  e.epoch = 0;
  e.by = 0;
  e.life = 0;
  e.lease = 0;
  e.t = 0
}

inline clear_state(s) {
  s.epoch = 0;
  s.live = 0;
  s.live_epoch = 0;
  s.live_t = 0;
  s.done = false
}

/* Takes the first of what is on its way off it. */
inline shift_way() {
  way[0].type = way[1].type;
  way[0].epoch = way[1].epoch;
  way[0].by = way[1].by;
  way[0].life = way[1].life;
  way[0].lease = way[1].lease;
  way[0].t = way[1].t;
  clear(way[1])
}

/* Once the log is full nothing more comes of anything: instances only read it to its end. */
#define room (end < LOG && (way[0].type == none || way[1].type == none))
#define me all[i]
#define known after[all[i].at]
/* The worker has it, has heard nothing yet, and no report of it is on its way. */
#define REPORTED(k, n) (way[k].type == complete && way[k].lease == n)
#define REPORTABLE(n) (told[n] && !said_ok[n] && !REPORTED(0, n) && !REPORTED(1, n))

proctype an_instance(byte i) {
  do
  /* Wants the shard. */
  :: atomic { me.epoch == 0 && !me.claiming && room && me.life < LIVES - i ->
      send(claim, 0, i, me.life, 0, 0);
      me.claiming = true;
#ifdef CLOCK_FROM_THE_CLAIM
      me.base = now
#endif
    }
  /* Reads the next event. */
  :: atomic { me.at < end ->
      if
      :: log[me.at].type == claim && log[me.at].by == i && log[me.at].life == me.life ->
#ifdef EPOCH_OF_THE_INSTANCE
        me.epoch = i + 1;
#else
        me.epoch = me.at + 1;
#endif
        me.claiming = false;
        me.waits = false;
#ifndef CLOCK_FROM_THE_CLAIM
        me.base = now;
#endif
        if
        :: me.epoch == after[end].epoch -> claim_read_at = now; claim_was_read = true
        :: else -> skip
        fi
      :: log[me.at].type == claim && !(log[me.at].by == i && log[me.at].life == me.life) ->
        me.epoch = 0;
        me.waits = false
      :: (log[me.at].type == allocated || log[me.at].type == expired) &&
         log[me.at].by == i && log[me.at].life == me.life ->
        me.waits = false;
#ifdef VOID_TOLD
        if
        :: log[me.at].type == allocated -> told[log[me.at].lease] = true
        :: else -> skip
        fi
#else
        if
        :: log[me.at].type == allocated && counts[me.at] -> told[log[me.at].lease] = true
        :: else -> skip
        fi
#endif
      :: log[me.at].type == complete && counts[me.at] && log[me.at].by == i ->
        said_ok[log[me.at].lease] = true
      :: else -> skip
      fi;
      me.at++;
      if
      :: all[1 - i].at >= me.at ->
        clear(log[me.at - 1]);
        counts[me.at - 1] = false;
        clear_state(after[me.at - 1])
      :: else -> skip
      fi
    }
  /* Hands the task out, as far as it knows. */
  :: atomic { me.epoch != 0 && !me.waits && known.live == 0 && !known.done && room && leases < LEASES ->
      leases++;
      decided_at[leases] = now;
      send(allocated, me.epoch, i, me.life, leases, now - me.base);
#ifdef TOLD_BEFORE_READ_BACK
      told[leases] = true;
#endif
      me.waits = true
    }
  /* Ends a lease whose time is over, by its own clock. */
  :: atomic { me.epoch != 0 && !me.waits && known.live != 0 && room &&
#ifndef EXPIRY_AT_THE_OWNERS_WORD
      (now - me.base) >= BEGAN(known, me.epoch) + PERIOD &&
#endif
      true ->
      send(expired, me.epoch, i, me.life, known.live, now - me.base);
      me.waits = true
    }
  /* Passes a worker's report on. */
  :: atomic { room && REPORTABLE(1) && !after[end].done ->
      send(complete, 0, i, 0, 1, 0);
#ifdef OK_BEFORE_READ_BACK
      said_ok[1] = true
#endif
    }
  :: atomic { room && REPORTABLE(2) && !after[end].done ->
      send(complete, 0, i, 0, 2, 0);
#ifdef OK_BEFORE_READ_BACK
      said_ok[2] = true
#endif
    }
  /* Does not know what became of an append, or was killed: another life, which must claim. */
  :: atomic { end < LOG && (me.epoch != 0 || me.claiming) && me.life < LIVES - i ->
      me.life++;
      me.epoch = 0;
      me.claiming = false;
      me.waits = false;
      me.base = 0
    }
  od
}

proctype the_broker() {
  do
  :: atomic { end < LOG && way[0].type != none -> append(way[0]); shift_way() }
  :: atomic { end < LOG && way[1].type != none -> append(way[1]); clear(way[1]) }
  :: atomic { end < LOG && now < TIME -> now++ }
  od
}

/* What must hold in every state: a lease that a worker knows of is in the log and counts; an "ok"
 * is for a completion that is in the log. */
#define sound_(n) ((!told[n] || is_in_log[n]) && (!said_ok[n] || completed[n]))

active proctype watcher() {
  atomic { !(sound_(1) && sound_(2)) -> assert(false) }
}

init {
  atomic {
    run an_instance(0);
    run an_instance(1);
    run the_broker()
  }
}
