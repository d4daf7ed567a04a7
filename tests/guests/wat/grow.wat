;; A command that takes all the memory it can get and uses it, without calling the host. It succeeds where that was no
;; more than 32 MiB.
(component
  (core module $main
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (local $at i32)
      (loop $more
        (local.set $at (memory.grow (i32.const 16)))
        (if (i32.ne (local.get $at) (i32.const -1))
          (then
            (memory.fill (i32.mul (local.get $at) (i32.const 65536)) (i32.const 7) (i32.const 1048576))
            (br $more))))
      (i32.gt_u (memory.size) (i32.const 512))))
  (core instance $program (instantiate $main))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
