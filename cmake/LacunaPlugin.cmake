# lacuna_plugin(models/mean mean.c ...): builds <build>/plugins/models/mean.so from the sources and
# links it to liblacuna. ALSO name...: further components of the same file, found under their own
# names through links beside it. Used by Lacuna's own plugins and, installed, by third parties.
include_guard(GLOBAL)

function(lacuna_plugin kind_and_name)
  get_filename_component(kind ${kind_and_name} DIRECTORY)
  get_filename_component(name ${kind_and_name} NAME)
  if(NOT kind MATCHES "^(masks|initials|models|optimizers|metrics|readers)$")
    message(FATAL_ERROR "lacuna_plugin(${kind_and_name}): the part before the slash must be masks, "
                        "initials, models, optimizers, metrics or readers")
  endif()
  cmake_parse_arguments(PLUGIN "" "" "ALSO" ${ARGN})
  set(target lacuna_${kind}_${name})
  add_library(${target} MODULE ${PLUGIN_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${name}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins/${kind})
  target_link_libraries(${target} PRIVATE Lacuna::lacuna m)
  set(folder ${LACUNA_INSTALLED_PLUGIN_DIR}) # a third party's: beside Lacuna's own
  if(TARGET lacuna_flags)
    target_link_libraries(${target} PRIVATE lacuna_flags)
    if(kind STREQUAL "models")
      target_compile_options(${target} PRIVATE ${LACUNA_HOT_OPTIONS})
    endif()
    set(folder ${LACUNA_PLUGIN_DIR})
  elseif(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${target} PRIVATE -O2) # nobody asked for a slow one
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION ${folder}/${kind})
  foreach(also ${PLUGIN_ALSO})
    set(link ${CMAKE_BINARY_DIR}/plugins/${kind}/${also}.so)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_COMMAND} -E create_symlink ${name}.so ${link} BYPRODUCTS ${link})
    install(FILES ${link} DESTINATION ${folder}/${kind})
  endforeach()
endfunction()
